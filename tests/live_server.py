"""The real server, as a process of its own on a free port."""

import os
import re
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

from tests.clients.node import ROOT


@dataclass(frozen=True)
class Server:
    origin: str
    log: Path

    @property
    def graphql(self) -> str:
        return f"{self.origin}/graphql"

    def execute(self, document: str, **variables: Any) -> Any:
        """The value of the one root field of an operation that must have no errors."""
        answer = httpx2.post(self.graphql, json={"query": document, "variables": variables}).json()
        assert "errors" not in answer, answer["errors"]
        (value,) = answer["data"].values()
        return value

    def start(self, username: str) -> str:
        """The id of a new session of a user."""
        document = """mutation($username: String!) {
            startSession(input: {variant: {user: {username: $username}}}) { session { id } } }"""
        id_: str = self.execute(document, username=username)["session"]["id"]
        return id_

    def stop(self, id_: str) -> None:
        """End a session."""
        stopped = self.execute("mutation($id: ID!) { stopSession(input: {id: $id}) { problems { message } } }", id=id_)
        assert stopped["problems"] == []


@contextmanager
def running_server(folder: Path, port: int = 0, *, kill: bool = False, **settings: str) -> Iterator[Server]:
    """A server over the database in this folder, from ready to stopped, or killed; its log lies there too.

    Where no port is given it takes a free one, and says which.
    """
    path = folder / "server.log"
    command = [sys.executable, "main.py", "serve", "--host", "127.0.0.1", "--port", str(port)]
    with path.open("ab") as log:
        log_offset = log.tell()
        process = subprocess.Popen(
            [*command, "--database", str(folder / "test.db")],
            cwd=ROOT,
            env=os.environ | settings,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    with process:
        try:
            yield Server(wait_until_ready(path, log_offset, process), path)
            if kill:
                process.kill()
        finally:
            stop(process)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_ready(log: Path, log_offset: int, process: subprocess.Popen[bytes], seconds: float = 60) -> str:
    """The origin of a server, once it listens: the last thing of a start; its log begins at that byte."""
    deadline = time.monotonic() + seconds
    while process.poll() is None and time.monotonic() < deadline:
        output = log.read_bytes()[log_offset:].decode(errors="replace")
        if found := re.search(r"^endpoint +(http://\S+)/graphql$", output, re.MULTILINE):
            return found[1]
        time.sleep(0.05)
    raise RuntimeError(f"the server did not become ready:\n{log.read_text(errors='replace')}")


def stop(process: subprocess.Popen[bytes], seconds: float = 20) -> None:
    process.terminate()
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        raise
