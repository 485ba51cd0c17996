"""Database with the server that currently runs on it, which a test kills and replaces."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Final

from tests.chaos.requests import SESSIONS_PAGE
from tests.live_server import ServerProcess, connect, server_process

PRODUCTION = ("main.py",)
SMALL_BATCHES = ("-m", "tests.chaos.small_batches_server")
SETTINGS: Final = {
    "LIMITS__OPERATION_SECONDS": "60",  # a test machine may be busy
    "LIMITS__STREAM_QUEUE_BYTES": "65536",
}


class ServerUnderTest:
    def __init__(self, file: Path, **settings: str) -> None:
        """Take `settings`, the environment variables of all its servers."""
        self.file = file
        self._settings = SETTINGS | settings
        self._up = asyncio.Event()
        self._process: ServerProcess | None = None
        self._stack = AsyncExitStack()

    async def start(self, program: Sequence[str]) -> None:
        self._process = await self._stack.enter_async_context(server_process(self.file, program, **self._settings))
        self._up.set()

    async def kill(self) -> None:
        self._up.clear()
        await self._stack.aclose()

    async def stop(self) -> None:
        """Shut down gracefully."""
        self._up.clear()
        assert self._process is not None
        self._process.terminate()
        await self._process.wait()
        await self._stack.aclose()

    async def port(self) -> int:
        """Return the port of the server, once it listens."""
        await self._up.wait()
        assert self._process is not None
        assert not self._process.has_exited, self.log
        return self._process.port

    async def execute(self, document: str, **variables: Any) -> Any:
        """Return the value of the only root field of an operation without errors."""
        async with connect(await self.port()) as connection:
            (value,) = (await connection.ask(document, **variables)).values()
        return value

    async def all_nodes(self, document: str, **variables: Any) -> list[dict[str, Any]]:
        """Return the nodes of all pages."""
        found: list[dict[str, Any]] = []
        after, more = None, True
        while more:
            page = await self.execute(document, after=after, **variables)
            found += page["nodes"]
            after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
        return found

    async def sessions_by_id(self, filter_: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
        return {session["id"]: session for session in await self.all_nodes(SESSIONS_PAGE, filter=filter_)}

    @property
    def log(self) -> str:
        """Warnings and errors of all its servers: their output without the addresses that they print."""
        lines = self.file.with_suffix(".log").read_text().splitlines()
        return "\n".join(line for line in lines if not line.startswith(("GraphiQL ", "endpoint ", "database ")))
