"""A real server in a process of its own, on a free port, to be killed; and a lean client for it."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from bench.load_generator import HOST, encode_request, parse_response

ROOT = Path(__file__).parents[1]
STARTUP_TIMEOUT = 60.0


class ServerProcess:
    """A server that listens."""

    def __init__(self, process: asyncio.subprocess.Process, port: int) -> None:
        self._process = process
        self.port = port
        self.pid = process.pid

    @property
    def has_exited(self) -> bool:
        """Whether it has ended, for whatever reason."""
        return self._process.returncode is not None

    async def kill(self) -> None:
        """SIGKILL: nothing that it still wanted to do is done."""
        if self._process.returncode is None:
            self._process.kill()
        await self._process.communicate()

    async def terminate(self) -> None:
        """SIGTERM: it ends what it has begun."""
        if self._process.returncode is None:
            self._process.terminate()
        await self._process.communicate()


@asynccontextmanager
async def server_process(
    file: Path, program: Sequence[str] = ("main.py",), **settings: str
) -> AsyncIterator[ServerProcess]:
    """A server on a database file, from ready to dead; its log is beside the file.

    Args:
        file: the database.
        program: what Python runs, in place of the server itself.
        settings: by their names in the environment.
    """
    command = [sys.executable, *program, "serve", "--host", HOST, "--port", "0", "--database", str(file)]
    with file.with_suffix(".log").open("a") as log:
        environment = os.environ | {"LOG_LEVEL": "warning", "PYTHONUNBUFFERED": "1"} | settings
        process = await asyncio.create_subprocess_exec(
            *command, cwd=ROOT, env=environment, stdout=asyncio.subprocess.PIPE, stderr=log
        )
    running = ServerProcess(process, 0)
    try:
        async with asyncio.timeout(STARTUP_TIMEOUT):
            running.port = await _read_port(process)
        yield running
    finally:
        await running.kill()


async def _read_port(process: asyncio.subprocess.Process) -> int:
    """The server says where it is once it listens."""
    assert process.stdout is not None
    async for line in process.stdout:
        if line.startswith(b"endpoint"):
            return parse_port(line)
    raise AssertionError("the server did not start: see its log")


def parse_port(line: bytes) -> int:
    """The port in the line `endpoint  http://<host>:<port>/graphql`, which a server says once it listens."""
    return int(line.rsplit(b":", 1)[1].split(b"/")[0])


class HttpConnection:
    """One connection to it, kept alive."""

    def __init__(self, port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._port = port
        self._reader = reader
        self._writer = writer

    async def ask(self, document: str, **variables: Any) -> Any:
        """The data of an operation.

        Raises:
            ConnectionError: the server is gone.
        """
        self._writer.write(encode_request(self._port, document, variables))
        received = b""
        while (response := parse_response(received)) is None:
            received += (chunk := await self._reader.read(65_536))
            if not chunk:
                raise ConnectionError("the server closed the connection")
        result = json.loads(response[1])
        assert "errors" not in result, result
        return result["data"]


@asynccontextmanager
async def connect(port: int) -> AsyncIterator[HttpConnection]:
    """A connection to the server on that port."""
    reader, writer = await asyncio.open_connection(HOST, port)
    try:
        yield HttpConnection(port, reader, writer)
    finally:
        writer.close()
