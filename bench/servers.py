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
from bench.system_info import processor_seconds, resident_bytes

ROOT: Final = Path(__file__).parent.parent
DATABASE: Final = "sessions.db"
READY_WITHIN: Final = 30.0
STOPPED_WITHIN: Final = 15.0


Prepare: TypeAlias = Callable[[Path], Awaitable[None]]
"""Makes a database file before its server is started."""


class ServerFailed(Exception):
    """A server did not get ready; the message holds the end of its log."""


@dataclass(frozen=True)
class Recipe:
    """How to start a server: its name in the table, and its command for a port and a database file."""

    name: str
    command: Callable[[int, Path], list[str]]


def _ours(port: int, database: Path) -> list[str]:
    return ["main.py", "serve", "--host", HOST, "--port", str(port), "--database", str(database)]


def _plain(port: int, database: Path) -> list[str]:
    return ["-m", "bench.baselines.strawberry", str(port), str(database)]


OURS: Final = Recipe("Session Graph", _ours)
PLAIN: Final = Recipe("plain peer", _plain)
RECIPES: Final = (OURS, PLAIN)


class Server:
    """A server that can be started, stopped and started again on the same port and file."""

    def __init__(self, recipe: Recipe, folder: Path, cores: set[int] | None) -> None:
        self.name = recipe.name
        self.port = _free_port()
        self.sessions: list[str] = []
        """The ids of the sessions that were started on it."""
        self._command = recipe.command(self.port, folder / DATABASE)
        self._log = folder / "log"
        self._cores = cores
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def processor_seconds(self) -> float:
        """What it has taken since it was started last."""
        return processor_seconds(self._running.pid)

    @property
    def resident_bytes(self) -> int:
        """Memory that it holds."""
        return resident_bytes(self._running.pid)

    @property
    def _running(self) -> subprocess.Popen[bytes]:
        assert self._process is not None, "it was started"
        return self._process

    async def start(self) -> None:
        """Launch it; it is ready when this returns. Raises ServerFailed."""
        self._launch()
        deadline = perf_counter() + READY_WITHIN
        while not await self._is_ready():
            if self._running.poll() is not None or perf_counter() > deadline:
                tail = self._log.read_text(errors="replace")[-2000:]
                raise ServerFailed(f"{self.name} did not get ready:\n{tail}")
            await asyncio.sleep(0.02)

    async def stop(self, within: float = STOPPED_WITHIN) -> float | None:
        """Send SIGTERM: the seconds until it has exited; None where it had to be killed as it took more."""
        if self._process is None:
            return 0.0
        began = perf_counter()
        self._running.terminate()
        try:
            await asyncio.to_thread(self._running.wait, within)
        except subprocess.TimeoutExpired:
            self._running.kill()
            self._running.wait()
            return None
        return perf_counter() - began

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
async def running(recipe: Recipe, cores: set[int] | None, prepare: Prepare | None = None) -> AsyncIterator[Server]:
    """A server from ready to stopped, on these cores where given. Raises ServerFailed."""
    with tempfile.TemporaryDirectory(prefix="session-graph-bench-") as folder:
        server = Server(recipe, Path(folder), cores)
        if prepare is not None:
            await prepare(Path(folder, DATABASE))
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
