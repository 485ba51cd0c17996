"""`serve --reload`: changed code is served, and streams are ended as by any shutdown."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx2
import pytest
import typer
import uvicorn

import main
from tests.project.source_tree import ROOT
from transport.server import server
from transport.subscriptions import StreamManager

STREAM = (
    b"GET /graphql?query=subscription{activeSessions{__typename}} HTTP/1.1\r\n"
    b"Host: localhost\r\nConnection: close\r\nAccept: text/event-stream\r\n\r\n"
)


class SingleRunReloader:
    """A reloader that starts once, in this process."""

    def __init__(self, config: uvicorn.Config, target: Callable[[list[socket.socket]], None], sockets: Any) -> None:
        assert config.reload_dirs == [ROOT]
        assert config.http is server.uvicorn_options()["http"]
        self._start = target
        self._sockets = sockets

    def run(self) -> None:
        """Start."""
        self._start(self._sockets)


def test_reloaded_worker_listens_on_the_same_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[tuple[Any, ...]] = []
    for name in ("DATABASE_URL", "HOST", "INSECURE", "LOG_FORMAT", "LOG_LEVEL"):
        monkeypatch.setenv(name, "")
    monkeypatch.setattr(server, "ChangeReload", SingleRunReloader)
    monkeypatch.setattr(server, "run", lambda *arguments: ran.append(arguments))
    monkeypatch.setattr(main, "configure_log", lambda _level, _format: None)
    settings = main.Settings(port=0, database_url=str(tmp_path / "test.db"))
    main.serve(port=0, database=settings.database_url, reload=True)
    ((app, (listening,), _, drainable),) = ran
    assert isinstance(drainable, StreamManager)
    assert drainable is app.state.streams
    assert listening.fileno() == -1  # it was open till the end
    assert main.Settings().database_url == settings.database_url


def test_taken_address_is_reported_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(os, "environ", dict(os.environ))
    monkeypatch.setattr(main, "configure_log", lambda _level, _format: None)
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(typer.Exit):
        main.serve(port=taken.getsockname()[1], reload=True)
    assert capsys.readouterr().err.startswith("cannot listen on ")


@pytest.mark.long
def test_changed_code_is_served_and_streams_end_in_order(tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    leave = shutil.ignore_patterns("tests", "bench", ".*", "__pycache__", "*.db*")
    shutil.copytree(ROOT, copy, ignore=leave)
    command = [sys.executable, "main.py", "serve", "--reload", "--port", "0", "--database", str(tmp_path / "test.db")]
    with subprocess.Popen(command, cwd=copy, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            origin = process.stdout.readline().split()[1].removesuffix("/graphql")
            assert httpx2.get(f"{origin}/livez", timeout=30).text == "ok\n"
            port = int(origin.rpartition(":")[2])
            with closing(socket.create_connection(("127.0.0.1", port), timeout=30)) as stream:
                stream.sendall(STREAM)
                received = stream.recv(65536)
                code = copy / "transport" / "health.py"
                code.write_text(code.read_text().replace('PlainTextResponse("ok\\n")', 'PlainTextResponse("new\\n")'))
                while piece := stream.recv(65536):
                    received += piece
            assert b": the server ends this stream, " in received
            assert httpx2.get(f"{origin}/livez", timeout=30).text == "new\n"
        finally:
            process.terminate()
            began = time.monotonic()
            assert process.wait(20) == 0
            assert time.monotonic() - began < 6
