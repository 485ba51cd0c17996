"""A real server in a process of its own, which is told to stop and comes back on the same port."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.load_generator import HOST
from tests.project.source_tree import ROOT
from tests.server_process import parse_port

READY_WITHIN = 60.0


@dataclass
class ServerProcess:
    """A server that listens."""

    port: int
    _process: asyncio.subprocess.Process

    def terminate(self) -> None:
        """SIGTERM."""
        self._process.terminate()

    async def wait(self) -> int:
        """The code with which it ends; SIGTERM, if it did as it was told."""
        _, told = await self._process.communicate()
        assert b"Traceback" not in told, told.decode()
        return await self._process.wait()

    @property
    def resident_bytes(self) -> int:
        """The memory that it holds."""
        pages = Path(f"/proc/{self._process.pid}/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")


SIGTERM_EXIT = -signal.SIGTERM


@asynccontextmanager
async def server_process(file: Path, port: int = 0, **settings: str) -> AsyncIterator[ServerProcess]:
    """A server on a database file, from ready on; if it is still there in the end, it is killed.

    Args:
        file: the database.
        port: where it listens; 0 for a free one.
        settings: by their names in the environment.
    """
    command = [sys.executable, "main.py", "serve", "--host", HOST, "--port", str(port), "--database", str(file)]
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=ROOT,
        env=os.environ | {"LOG_LEVEL": "warning", "PYTHONUNBUFFERED": "1"} | settings,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(READY_WITHIN):
            assert process.stdout is not None
            while not (line := await process.stdout.readline()).startswith(b"endpoint"):
                assert line, "the server did not start"
        yield ServerProcess(parse_port(line), process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()
