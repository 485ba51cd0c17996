"""A database, and the server that is on it at the moment: it may be killed, and is another one then."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Final

from tests.chaos.requests import SESSIONS_PAGE
from tests.live_server import ServerProcess, connect, server_process

PRODUCTION = ("main.py",)
"""The server as it is."""
SMALL_BATCHES = ("-m", "tests.chaos.small_batches_server")
"""The server, everything in it that is cut into parts cut into small ones."""
SETTINGS: Final = {
    "LIMITS__OPERATION_SECONDS": "60",  # a test machine may have much to do
    "LIMITS__STREAM_QUEUE_BYTES": "65536",
}


class ServerUnderTest:
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
        self._process: ServerProcess | None = None
        self._stack = AsyncExitStack()

    async def start(self, program: Sequence[str]) -> None:
        """Have a server on the database, which has none."""
        self._process = await self._stack.enter_async_context(server_process(self.file, program, **self._settings))
        self._port = self._process.port
        self._up.set()

    async def kill(self) -> None:
        """SIGKILL."""
        self._up.clear()
        await self._stack.aclose()

    async def stop(self) -> None:
        """SIGTERM."""
        self._up.clear()
        assert self._process is not None
        self._process.terminate()
        await self._process.wait()
        await self._stack.aclose()

    async def port(self) -> int:
        """Where the server listens, once it does."""
        await self._up.wait()
        assert self._process is not None
        assert not self._process.has_exited, self.log
        return self._port

    async def execute(self, document: str, **variables: Any) -> Any:
        """The value of the one root field of an operation that must have no errors."""
        async with connect(await self.port()) as found:
            (value,) = (await found.ask(document, **variables)).values()
        return value

    async def all_nodes(self, document: str, **variables: Any) -> list[dict[str, Any]]:
        """All nodes of a connection."""
        found: list[dict[str, Any]] = []
        after, more = None, True
        while more:
            page = await self.execute(document, after=after, **variables)
            found += page["nodes"]
            after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
        return found

    async def sessions_by_id(self, filter_: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
        """The sessions that a query with this filter finds."""
        return {session["id"]: session for session in await self.all_nodes(SESSIONS_PAGE, filter=filter_)}

    @property
    def log(self) -> str:
        """What all servers here had to complain of."""
        return self.file.with_suffix(".log").read_text()
