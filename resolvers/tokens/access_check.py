"""Regular check of what is open: it ends when the caller's access has ended."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any, Final, Protocol

from models.clock import Clock
from models.database import Database
from models.errors import StorageUnavailable
from models.ids import TOKEN
from resolvers.access import Caller
from resolvers.periodic_task import periodic_task
from resolvers.tokens import repository
from resolvers.tokens.authenticator import Authenticator

CHECK_SECONDS: Final = 1.0
RECORD_SECONDS: Final = 60.0


class OpenAccess(Protocol):
    """Sockets, streams and running operations of callers."""

    @property
    def clients(self) -> Iterable[Any]: ...
    def end_access(self, client: Any) -> None: ...


class AccessCheck:
    """Ends what is open for callers whose access has ended, and records when tokens were used.

    That is written once a minute and at the stop, never by a request; a caller that has something open uses its token.
    """

    def __init__(self, database: Database, authenticator: Authenticator, clock: Clock, open_access: OpenAccess) -> None:
        self._database = database
        self._authenticator = authenticator
        self._clock = clock
        self._open_access = open_access

    async def run(self) -> None:
        callers: list[Caller] = list(self._open_access.clients)
        # First what needs no read: the storage may be unavailable.
        expired = self._authenticator.find_expired(callers)
        for caller in expired:
            self._open_access.end_access(caller)
        for caller in await self._authenticator.find_revoked(set(callers).difference(expired)):
            self._open_access.end_access(caller)

    async def record_last_used(self) -> None:
        now, open_ids = self._clock.now(), (caller.id for caller in self._open_access.clients)
        last_used = self._authenticator.take_last_used()
        last_used |= dict.fromkeys((id_ for id_ in open_ids if id_.startswith(TOKEN)), now)
        if not last_used:
            return
        try:
            await self._database.write(repository.set_last_used, last_used)
        except StorageUnavailable:
            self._authenticator.return_last_used(last_used)
            raise

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run in the background while the context lasts."""
        async with (
            periodic_task("check of access", self.run, wait=partial(asyncio.sleep, CHECK_SECONDS)),
            # A task of its own: a write can wait for a lock, and the check must not.
            periodic_task("record of used tokens", self.record_last_used, wait=partial(asyncio.sleep, RECORD_SECONDS)),
        ):
            yield
        with suppress(StorageUnavailable):  # no reason to fail the stop: what is lost are times of the last minute
            await self.record_last_used()
