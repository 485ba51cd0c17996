"""Servers that listen, in a process of their own or in this one, and plain clients for them."""

import asyncio
import contextlib
import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple, Protocol

import httpx2
import uvicorn
from starlette.types import ASGIApp

from bench.load_generator import HOST, encode_request, parse_response
from tests.polling import TIMEOUT_SECONDS
from transport.server import server as transport_server

ROOT: Final = Path(__file__).parents[1]
MAIN: Final = ("main.py",)
NEVER_OVERLOADED: Final = {"LIMITS__OVERLOAD_WAIT_SECONDS": "1e9", "LIMITS__OVERLOAD_LAG_SECONDS": "1e9"}
"""A slow machine must not make a test fail."""
PATIENT: Final = {"LIMITS__OPERATION_SECONDS": "60"}
"""Nor one whose disk is busy."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _start(
    file: Path, log: Path, program: Sequence[str], settings: dict[str, str], prefix: Sequence[str] = ()
) -> tuple[subprocess.Popen[bytes], int]:
    """Start a server. Returns it with the offset at which its output starts in the log."""
    command = [*prefix, sys.executable, *program, "serve", "--host", HOST, "--database", str(file)]
    environment = os.environ | {"PYTHONUNBUFFERED": "1"} | NEVER_OVERLOADED | settings
    with log.open("ab") as output:
        offset = output.tell()
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT)
    return process, offset


def _wait_until_ready(log: Path, offset: int, process: subprocess.Popen[bytes]) -> str:
    """Wait until the server announces its origin, which it does once it listens."""
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        output = log.read_bytes()[offset:].decode(errors="replace")
        if found := re.search(r"^endpoint +(http://\S+)/graphql$", output, re.MULTILINE):
            return found[1]
        time.sleep(0.05)
    raise RuntimeError(f"the server did not become ready:\n{log.read_text(errors='replace')}")


# ---- for clients that are processes themselves ----


@dataclass(frozen=True)
class Server:
    origin: str
    log: Path
    pid: int

    @property
    def graphql(self) -> str:
        return f"{self.origin}/graphql"

    def execute(self, document: str, **variables: Any) -> Any:
        """Execute an operation that must have no errors. Returns the value of its one root field."""
        response = httpx2.post(self.graphql, json={"query": document, "variables": variables}).json()
        assert "errors" not in response, response["errors"]
        (value,) = response["data"].values()
        return value

    def start(self, username: str) -> str:
        """Start a USER session. Returns its id."""
        document = """mutation($username: String!) {
            startSession(input: {variant: {user: {username: $username}}}) { session { id } } }"""
        id_: str = self.execute(document, username=username)["session"]["id"]
        return id_

    def stop(self, id_: str) -> None:
        stopped = self.execute("mutation($id: ID!) { stopSession(input: {id: $id}) { problems { message } } }", id=id_)
        assert stopped["problems"] == []


@contextmanager
def running_server(folder: Path, port: int = 0, *, kill: bool = False, **settings: str) -> Iterator[Server]:
    """Run a server on the database in a folder, its log beside it; terminate it at the end, or kill it."""
    log = folder / "server.log"
    process, offset = _start(folder / "test.db", log, MAIN, settings | {"PORT": str(port)})
    with process:
        try:
            yield Server(_wait_until_ready(log, offset, process), log, process.pid)
            if kill:
                process.kill()
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                raise


# ---- for asynchronous clients ----


class ServerProcess:
    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self._process = process
        self._log = log
        self.port = 0

    @property
    def has_exited(self) -> bool:
        return self._process.poll() is not None

    @property
    def resident_bytes(self) -> int:
        pages = Path(f"/proc/{self._process.pid}/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    @property
    def descriptors(self) -> int:
        return sum(1 for _ in Path(f"/proc/{self._process.pid}/fd").iterdir())

    async def kill(self) -> None:
        """Send SIGKILL and wait."""
        self._process.kill()
        await asyncio.to_thread(self._process.wait)

    def send_signal(self, number: int) -> None:
        self._process.send_signal(number)

    def terminate(self) -> None:
        """Send SIGTERM."""
        self._process.terminate()

    async def wait(self) -> int:
        """Wait for the exit. Returns its code; the log must have no traceback."""
        code = await asyncio.to_thread(self._process.wait)
        output = self._log.read_text()
        assert "Traceback" not in output, output
        return code


@asynccontextmanager
async def server_process(
    file: Path, program: Sequence[str] = MAIN, *, prefix: Sequence[str] = (), **settings: str
) -> AsyncIterator[ServerProcess]:
    """Run a server on a database file, its log beside it; kill it at the end.

    Args:
        file: the database.
        program: Python arguments that replace `main.py`.
        prefix: command that executes the server, such as `strace`.
        settings: by their names in the environment; PORT is a free one unless set.
    """
    log = file.with_suffix(".log")
    process, offset = _start(file, log, program, {"LOG_LEVEL": "warning", "PORT": "0"} | settings, prefix)
    running = ServerProcess(process, log)
    try:
        origin = await asyncio.to_thread(_wait_until_ready, log, offset, process)
        running.port = int(origin.rsplit(":", 1)[1])
        yield running
    finally:
        await running.kill()


@asynccontextmanager
async def run_app(app: ASGIApp, **options: Any) -> AsyncIterator[tuple[int, uvicorn.Server]]:
    """Serve an application, whose lifespan is entered already, in this process. Yields the port and the server.

    Args:
        app: the application.
        options: of uvicorn, in place of those of production.
    """
    quiet = {"lifespan": "off", "log_config": None, "log_level": "debug"}
    server = uvicorn.Server(uvicorn.Config(app, **transport_server.uvicorn_options() | quiet | options))
    # The kernel queues connections from here on, so clients need not wait until the server has started.
    listener = socket.create_server((HOST, 0))
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield listener.getsockname()[1], server
    finally:
        server.should_exit = True
        await task


@asynccontextmanager
async def serve_app(app: ASGIApp) -> AsyncIterator[int]:
    """Serve an application as `run_app` does. Yields the port."""
    async with run_app(app) as (port, _):
        yield port


# ---- clients ----


class Connection(Protocol):
    async def ask(self, document: str, **variables: Any) -> Any:
        """Execute an operation that must have no errors. Returns its data.

        Raises:
            ConnectionError: the server closed the connection.
        """


class HttpConnection:
    """One keep-alive connection."""

    def __init__(self, port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._port = port
        self._reader = reader
        self._writer = writer

    async def ask(self, document: str, **variables: Any) -> Any:
        return await self.send(encode_request(self._port, document, variables))

    async def send(self, request: bytes) -> Any:
        """Send an encoded request; else like `ask`."""
        self._writer.write(request)
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
    reader, writer = await asyncio.open_connection(HOST, port)
    try:
        yield HttpConnection(port, reader, writer)
    finally:
        writer.close()


async def run_concurrently(port: int, *calls: tuple[str, Mapping[str, Any]]) -> list[Any]:
    """Execute operations with one root field each at once, over a connection each. Returns the values of the fields."""
    async with AsyncExitStack() as stack:
        opened = [await stack.enter_async_context(connect(port)) for _ in calls]
        answers = await asyncio.gather(
            *(one.ask(document, **variables) for one, (document, variables) in zip(opened, calls, strict=True))
        )
    return [next(iter(answer.values())) for answer in answers]


async def run_until_disconnected(
    port: int,
    client: Callable[[Connection], Awaitable[None]],
    connect: Callable[[int], AbstractAsyncContextManager[Connection]] = connect,
) -> None:
    with contextlib.suppress(ConnectionError):
        async with connect(port) as connection:
            await client(connection)


class RawResponse(NamedTuple):
    """What the server sent before it closed the connection; status 0 if that was nothing."""

    status: int
    head: bytes
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def codes(self) -> set[str]:
        """The codes of errors, and of problems anywhere in the data."""
        found = {error["extensions"]["code"] for error in self.json.get("errors", [])}
        stack: list[Any] = [self.json.get("data")]
        while stack:
            value = stack.pop()
            if isinstance(value, dict):
                found |= {problem["code"] for problem in value.get("problems", [])}
                stack.extend(value.values())
            elif isinstance(value, list):
                stack.extend(value)
        return found


async def send_raw(port: int, data: bytes) -> RawResponse:
    """Send bytes and read until the server closes the connection."""
    return await asyncio.to_thread(_exchange, port, data)


def _exchange(port: int, data: bytes) -> RawResponse:
    with socket.create_connection((HOST, port), timeout=TIMEOUT_SECONDS) as connection:
        # A server that refuses early closes while we still send; its response can be read all the same.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            connection.sendall(data)
        received = bytearray()
        with contextlib.suppress(ConnectionResetError):
            while chunk := connection.recv(65536):
                received += chunk
    head, _, body = bytes(received).partition(b"\r\n\r\n")
    return RawResponse(int(head.split(b" ", 2)[1]) if head else 0, head, body)
