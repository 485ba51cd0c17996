"""Regular check of what is open: it ends when the caller's access has ended."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from typing import Any, Final, Protocol

from models.clock import MINUTE, Clock, Instant
from models.database import Database
from models.errors import StorageUnavailable
from resolvers.access import Caller
from resolvers.periodic_task import periodic_task
from resolvers.tokens import repository
from resolvers.tokens.authenticator import Authenticator

INTERVAL_SECONDS: Final = 1.0
LAST_USED_INTERVAL: Final = MINUTE


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
        self._recorded_at: Instant = clock.now()

    async def run(self) -> None:
        callers: list[Caller] = list(self._open_access.clients)
        for caller in await self._authenticator.find_ended(callers):
            self._open_access.end_access(caller)
        if abs(self._clock.now() - self._recorded_at) >= LAST_USED_INTERVAL:  # the clock may step back
            await self.record_last_used()

    async def record_last_used(self) -> None:
        now = self._recorded_at = self._clock.now()
        last_used = self._authenticator.take_last_used()
        last_used |= dict.fromkeys((caller.id for caller in self._open_access.clients if caller.id), now)
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
        async with periodic_task("check of access", self.run, wait=_wait):
            yield
        with suppress(StorageUnavailable):  # no reason to fail the stop: what is lost are times of the last minute
            await self.record_last_used()


async def _wait() -> None:
    await asyncio.sleep(INTERVAL_SECONDS)
