"""The real server, as a process of its own on a free port."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from .node import ROOT


@dataclass(frozen=True)
class Server:
    origin: str
    log: Path

    @property
    def graphql(self) -> str:
        return f"{self.origin}/graphql"

    def ask(self, document: str, **variables: Any) -> Any:
        """The value of the one root field of an operation that must have no errors."""
        answer = httpx2.post(self.graphql, json={"query": document, "variables": variables}).json()
        assert "errors" not in answer, answer["errors"]
        (value,) = answer["data"].values()
        return value

    def start(self, username: str) -> str:
        """The id of a new session of a user."""
        document = """mutation($username: String!) {
            startSession(input: {variant: {user: {username: $username}}}) { session { id } } }"""
        id_: str = self.ask(document, username=username)["session"]["id"]
        return id_

    def stop(self, id_: str) -> None:
        """End a session."""
        stopped = self.ask("mutation($id: ID!) { stopSession(input: {id: $id}) { problems { message } } }", id=id_)
        assert stopped["problems"] == []


@contextmanager
def serving(folder: Path, port: int | None = None, *, killed: bool = False, **settings: str) -> Iterator[Server]:
    """A server over the database in this folder, from ready to stopped, or killed; its log lies there too."""
    port = port or free_port()
    server = Server(f"http://127.0.0.1:{port}", folder / "server.log")
    serve = [sys.executable, "main.py", "serve", "--host", "127.0.0.1", "--port", str(port)]
    with (
        server.log.open("ab") as log,
        subprocess.Popen(
            [*serve, "--database", str(folder / "test.db")],
            cwd=ROOT,
            env=os.environ | settings,
            stdout=log,
            stderr=subprocess.STDOUT,
        ) as process,
    ):
        try:
            wait_until_ready(server, process)
            yield server
            if killed:
                process.kill()
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
