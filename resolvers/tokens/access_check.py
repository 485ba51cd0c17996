"""Regular check of what is open: it ends when the caller's access has ended."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any, Final, Protocol

from models.clock import MINUTE, Clock, Instant
from models.database import Database
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
    """Ends what is open for callers whose access has ended, and records when tokens were used, once a minute."""

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
        self._recorded_at = self._clock.now()
        if last_used := self._authenticator.take_last_used():
            await self._database.write(repository.set_last_used, last_used)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run in the background while the context lasts."""
        async with periodic_task("check of access", self.run, wait=_wait):
            try:
                yield
            finally:
                await self.record_last_used()


async def _wait() -> None:
    await asyncio.sleep(INTERVAL_SECONDS)
