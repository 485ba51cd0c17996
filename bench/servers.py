"""The measured servers: each a process of its own, on a free loopback port, with a folder of its own."""

import asyncio
import os
import socket
import subprocess
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Final, TypeAlias

import httpx2

from bench.load_generator import HOST
from bench.system_info import cpu_seconds, resident_bytes

ROOT: Final = Path(__file__).parent.parent
DATABASE_NAME: Final = "sessions.db"
READY_TIMEOUT: Final = 30.0
STOP_TIMEOUT: Final = 15.0

DatabaseFactory: TypeAlias = Callable[[Path], Awaitable[None]]
"""Creates the database file before the server starts."""


class ServerFailed(Exception):
    """A server did not become ready; the message holds the end of its log."""


class ServerUnavailable(Exception):
    """This machine cannot run a server; the message says why."""


@dataclass(frozen=True)
class ServerSpec:
    """What is measured under one name."""

    name: str
    command: Callable[[int, Path], list[str]]
    """Returns the program and its arguments, for a port and a database file."""
    description: str = ""
    """What it is, and where its work differs from that of Session Graph. Markdown."""
    prepare: Callable[[], None] = lambda: None
    """Installs what it needs. Raises ServerUnavailable."""
    documents: Mapping[str, str] = field(default_factory=dict)
    """Its own documents, by the name of the work, where its schema differs. Those of pages have a variable `$after`."""
    seeds_itself: bool = False
    """Whether `POST /seed?count=…` creates its sessions and returns their ids, instead of its API."""


class Server:
    """A server that can be stopped and started again on the same port and database."""

    def __init__(self, spec: ServerSpec, folder: Path, cores: set[int] | None, tree: Path = ROOT) -> None:
        """
        Args:
            spec: what to run.
            folder: where its database and its log are.
            cores: cores to run on; None: any.
            tree: folder of the source code to run.
        """
        self.spec = spec
        self.name = spec.name
        self.port = _free_port()
        self.sessions: list[str] = []
        """Ids of the sessions that were seeded."""
        self._command = spec.command(self.port, folder / DATABASE_NAME)
        self._log = folder / "log"
        self._cores = cores
        self._tree = tree
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def database(self) -> Path:
        return self._log.parent / DATABASE_NAME

    @property
    def cpu_seconds(self) -> float:
        """User and system time of the server and of the processes it started."""
        return cpu_seconds(self._live_process.pid)

    @property
    def resident_bytes(self) -> int:
        return resident_bytes(self._live_process.pid)

    @property
    def _live_process(self) -> subprocess.Popen[bytes]:
        assert self._process is not None, "it was started"
        return self._process

    async def start(self) -> None:
        """Start it and wait until it is ready. Raises ServerFailed."""
        with self._log.open("wb") as output, on_cores(self._cores):
            self._process = subprocess.Popen(  # noqa: ASYNC220 - wait() with a timeout, off the loop, is simpler
                self._command, cwd=self._tree, env=environment(), stdout=output, stderr=subprocess.STDOUT
            )
        deadline = perf_counter() + READY_TIMEOUT
        async with httpx2.AsyncClient(base_url=f"http://{HOST}:{self.port}", trust_env=False) as http:
            while not await _is_ready(http):
                if self._process.poll() is not None or perf_counter() > deadline:
                    tail = self._log.read_text(errors="replace")[-2000:]
                    raise ServerFailed(f"{self.name} did not become ready:\n{tail}")
                await asyncio.sleep(0.02)

    async def stop(self, seconds: float = STOP_TIMEOUT) -> float | None:
        """Send SIGTERM and return the seconds until it has exited; None if it had to be killed after `seconds`."""
        if self._process is None:
            return 0.0
        started = perf_counter()
        self._process.terminate()
        try:
            await asyncio.to_thread(self._process.wait, seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            return None
        return perf_counter() - started


def environment() -> dict[str, str]:
    """Return the environment of servers: Python keeps what it has compiled, as it does by default."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


async def _is_ready(http: httpx2.AsyncClient) -> bool:
    try:
        return (await http.get("/readyz")).status_code == httpx2.codes.OK
    except httpx2.HTTPError:
        return False


@asynccontextmanager
async def running_server(
    spec: ServerSpec, cores: set[int] | None, create_database: DatabaseFactory | None = None, tree: Path = ROOT
) -> AsyncIterator[Server]:
    """Run a server from ready to stopped. Raises ServerFailed."""
    with tempfile.TemporaryDirectory(prefix="session-graph-bench-") as folder:
        server = Server(spec, Path(folder), cores, tree)
        if create_database is not None:
            await create_database(Path(folder, DATABASE_NAME))
        try:
            await server.start()
            yield server
        finally:
            await server.stop()


@contextmanager
def on_cores(cores: set[int] | None) -> Iterator[None]:
    """Start processes on these cores, with all their threads: pinned later, a process leaves those it has behind."""
    if cores is None:
        yield
        return
    own = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, own)


def split_cores() -> tuple[set[int] | None, set[int] | None]:
    """Choose a core for servers and one for load; None and None on a machine with one core."""
    if not hasattr(os, "sched_getaffinity"):
        return None, None
    cores = sorted(os.sched_getaffinity(0))
    return ({cores[0]}, {cores[1]}) if len(cores) > 1 else (None, None)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        port: int = listener.getsockname()[1]
        return port
