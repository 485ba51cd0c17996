"""The real server, as a process of its own on a free port."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Server:
    origin: str
    log: Path

    @property
    def graphql(self) -> str:
        return f"{self.origin}/graphql"


@contextmanager
def serving(folder: Path) -> Iterator[Server]:
    """A server over a new database in this folder, from ready to stopped; its log lies there too."""
    port = free_port()
    server = Server(f"http://127.0.0.1:{port}", folder / "server.log")
    serve = [sys.executable, "main.py", "serve", "--host", "127.0.0.1", "--port", str(port)]
    with (
        server.log.open("wb") as log,
        subprocess.Popen(
            [*serve, "--database", str(folder / "test.db")], cwd=ROOT, stdout=log, stderr=subprocess.STDOUT
        ) as process,
    ):
        try:
            wait_until_ready(server, process)
            yield server
        finally:
            stop(process)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_ready(server: Server, process: subprocess.Popen[bytes], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while process.poll() is None and time.monotonic() < deadline:
        try:
            if httpx2.get(f"{server.origin}/readyz").status_code == 200:
                return
        except httpx2.TransportError:
            pass  # it does not listen yet
        time.sleep(0.1)
    raise RuntimeError(f"the server did not become ready:\n{server.log.read_text()}")


def stop(process: subprocess.Popen[bytes], seconds: float = 20) -> None:
    process.terminate()
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        raise
