"""The servers that are measured: each one process of its own, on a free loopback port, with a folder of its own."""

import asyncio
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Final, TypeAlias

from bench.load_generator import HOST
from bench.system_info import cpu_seconds, resident_bytes

ROOT: Final = Path(__file__).parent.parent
DATABASE_NAME: Final = "sessions.db"
READY_TIMEOUT: Final = 30.0
STOP_TIMEOUT: Final = 15.0


DatabaseFactory: TypeAlias = Callable[[Path], Awaitable[None]]
"""Makes a database file before its server is started."""


class ServerFailed(Exception):
    """A server did not get ready; the message holds the end of its log."""


@dataclass(frozen=True)
class ServerSpec:
    """How to start a server: its name in the table, and its command for a port and a database file."""

    name: str
    command: Callable[[int, Path], list[str]]


def _session_graph_command(port: int, database: Path) -> list[str]:
    return ["main.py", "serve", "--host", HOST, "--port", str(port), "--database", str(database)]


def _baseline_command(port: int, database: Path) -> list[str]:
    return ["-m", "bench.baselines.strawberry", str(port), str(database)]


SESSION_GRAPH: Final = ServerSpec("Session Graph", _session_graph_command)
BASELINE: Final = ServerSpec("plain peer", _baseline_command)
SERVER_SPECS: Final = (SESSION_GRAPH, BASELINE)


class Server:
    """A server that can be started, stopped and started again on the same port and file."""

    def __init__(self, spec: ServerSpec, folder: Path, cores: set[int] | None) -> None:
        self.name = spec.name
        self.port = _free_port()
        self.sessions: list[str] = []
        """The ids of the sessions that were started on it."""
        self._command = spec.command(self.port, folder / DATABASE_NAME)
        self._log = folder / "log"
        self._cores = cores
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def cpu_seconds(self) -> float:
        """What it has taken since it was started last."""
        return cpu_seconds(self._live_process.pid)

    @property
    def resident_bytes(self) -> int:
        """Memory that it holds."""
        return resident_bytes(self._live_process.pid)

    @property
    def _live_process(self) -> subprocess.Popen[bytes]:
        assert self._process is not None, "it was started"
        return self._process

    async def start(self) -> None:
        """Launch it; it is ready when this returns. Raises ServerFailed."""
        self._launch()
        deadline = perf_counter() + READY_TIMEOUT
        while not await self._is_ready():
            if self._live_process.poll() is not None or perf_counter() > deadline:
                tail = self._log.read_text(errors="replace")[-2000:]
                raise ServerFailed(f"{self.name} did not get ready:\n{tail}")
            await asyncio.sleep(0.02)

    async def stop(self, seconds: float = STOP_TIMEOUT) -> float | None:
        """Send SIGTERM: the seconds until it has exited; None where it had to be killed as it took more."""
        if self._process is None:
            return 0.0
        started = perf_counter()
        self._live_process.terminate()
        try:
            await asyncio.to_thread(self._live_process.wait, seconds)
        except subprocess.TimeoutExpired:
            self._live_process.kill()
            self._live_process.wait()
            return None
        return perf_counter() - started

    def _launch(self) -> None:
        with self._log.open("wb") as output:
            arguments = [sys.executable, *self._command]
            self._process = subprocess.Popen(arguments, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT)
        if self._cores is not None:
            os.sched_setaffinity(self._process.pid, self._cores)

    async def _is_ready(self) -> bool:
        try:
            reader, writer = await asyncio.open_connection(HOST, self.port)
        except OSError:
            return False
        try:
            writer.write(f"GET /readyz HTTP/1.1\r\nHost: {HOST}:{self.port}\r\nConnection: close\r\n\r\n".encode())
            return b" 200 " in await reader.readline()
        except OSError:
            return False
        finally:
            writer.close()


@asynccontextmanager
async def running_server(
    spec: ServerSpec, cores: set[int] | None, create_database: DatabaseFactory | None = None
) -> AsyncIterator[Server]:
    """A server from ready to stopped, on these cores where given. Raises ServerFailed."""
    with tempfile.TemporaryDirectory(prefix="session-graph-bench-") as folder:
        server = Server(spec, Path(folder), cores)
        if create_database is not None:
            await create_database(Path(folder, DATABASE_NAME))
        try:
            await server.start()
            yield server
        finally:
            await server.stop()


def split_cores() -> tuple[set[int] | None, set[int] | None]:
    """The core of the servers and that of the load; none and none where there are not two to choose from."""
    if not hasattr(os, "sched_getaffinity"):
        return None, None
    cores = sorted(os.sched_getaffinity(0))
    return ({cores[0]}, {cores[1]}) if len(cores) > 1 else (None, None)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        port: int = listener.getsockname()[1]
        return port
