"""A database, and the server that is on it at the moment: it may be killed, and is another one then."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Final

from tests.chaos.requests import LISTED
from tests.server_process import Killable, server, wire

PLAIN = ("main.py",)
"""The server as it is."""
SMALL = ("-m", "tests.chaos.small_batches_server")
"""The server, everything in it that is cut into parts cut into small ones."""
SETTINGS: Final = {
    "LIMITS__OPERATION_SECONDS": "60",  # a test machine may have much to do
    "LIMITS__STREAM_QUEUE_BYTES": "65536",
}


class Site:
    """Where clients find the server."""

    def __init__(self, file: Path, **settings: str) -> None:
        """
        Args:
            file: the database.
            settings: of all its servers, by their names in the environment.
        """
        self.file = file
        self._settings = SETTINGS | settings
        self._up = asyncio.Event()
        self._port = 0
        self._killable: Killable | None = None
        self._stack = AsyncExitStack()

    async def start(self, program: Sequence[str]) -> None:
        """Have a server on the database, which has none."""
        self._killable = await self._stack.enter_async_context(server(self.file, program, **self._settings))
        self._port = self._killable.port
        self._up.set()

    async def kill(self) -> None:
        """SIGKILL."""
        self._up.clear()
        await self._stack.aclose()

    async def stop(self) -> None:
        """SIGTERM."""
        self._up.clear()
        assert self._killable is not None
        await self._killable.stop()
        await self._stack.aclose()

    async def port(self) -> int:
        """Where the server listens, once it does."""
        await self._up.wait()
        assert self._killable is not None
        assert not self._killable.is_dead, self.log
        return self._port

    async def ask(self, document: str, **variables: Any) -> Any:
        """The value of the one root field of an operation that must have no errors."""
        async with wire(await self.port()) as found:
            (value,) = (await found.ask(document, **variables)).values()
        return value

    async def pages(self, document: str, **variables: Any) -> list[dict[str, Any]]:
        """All nodes of a connection."""
        found: list[dict[str, Any]] = []
        after, more = None, True
        while more:
            page = await self.ask(document, after=after, **variables)
            found += page["nodes"]
            after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
        return found

    async def listed(self, filter_: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
        """The sessions that a query with this filter finds."""
        return {session["id"]: session for session in await self.pages(LISTED, filter=filter_)}

    @property
    def log(self) -> str:
        """What all servers here had to complain of."""
        return self.file.with_suffix(".log").read_text()
