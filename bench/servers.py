"""The servers that are measured: each one process of its own, on a free loopback port, with a folder of its own."""

import asyncio
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from bench.load import HOST

ROOT: Final = Path(__file__).parent.parent
READY_WITHIN: Final = 30.0
STOPPED_WITHIN: Final = 15.0


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
    return ["-m", "bench.peers.plain", str(port), str(database)]


OURS: Final = Recipe("Session Graph", _ours)
PLAIN: Final = Recipe("plain peer", _plain)


@dataclass
class Server:
    """A running server, and the ids of the sessions that were started on it."""

    name: str
    port: int
    sessions: list[str] = field(default_factory=list)


@asynccontextmanager
async def running(recipe: Recipe, cores: set[int] | None) -> AsyncIterator[Server]:
    """A server from ready to stopped, on these cores where given. Raises ServerFailed."""
    port = _free_port()
    with tempfile.TemporaryDirectory(prefix="session-graph-bench-") as folder:
        log = Path(folder, "log")
        process = _launch(recipe.command(port, Path(folder, "sessions.db")), log)
        try:
            if cores is not None:
                os.sched_setaffinity(process.pid, cores)
            await _until_ready(process, port, recipe.name, log)
            yield Server(recipe.name, port)
        finally:
            process.terminate()
            await asyncio.to_thread(_wait, process)


def split_cores() -> tuple[set[int] | None, set[int] | None]:
    """The core of the servers and that of the load; none and none where there are not two to choose from."""
    if not hasattr(os, "sched_getaffinity"):
        return None, None
    cores = sorted(os.sched_getaffinity(0))
    return ({cores[0]}, {cores[1]}) if len(cores) > 1 else (None, None)


def _launch(arguments: list[str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("wb") as output:
        return subprocess.Popen([sys.executable, *arguments], cwd=ROOT, stdout=output, stderr=subprocess.STDOUT)


def _tail(log: Path) -> str:
    return log.read_text(errors="replace")[-2000:]


async def _until_ready(process: subprocess.Popen[bytes], port: int, name: str, log: Path) -> None:
    deadline = asyncio.get_running_loop().time() + READY_WITHIN
    while not await _is_ready(port):
        if process.poll() is not None or asyncio.get_running_loop().time() > deadline:
            raise ServerFailed(f"{name} did not get ready:\n{_tail(log)}")
        await asyncio.sleep(0.1)


async def _is_ready(port: int) -> bool:
    try:
        reader, writer = await asyncio.open_connection(HOST, port)
    except OSError:
        return False
    try:
        writer.write(f"GET /readyz HTTP/1.1\r\nHost: {HOST}:{port}\r\nConnection: close\r\n\r\n".encode())
        return b" 200 " in await reader.readline()
    except OSError:
        return False
    finally:
        writer.close()


def _wait(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(STOPPED_WITHIN)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        port: int = listener.getsockname()[1]
        return port
