"""The log of a server: text in a terminal, JSON elsewhere, with a line at start and at stop."""

import fcntl
import io
import json
import logging
import os
import pty
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx2
import pytest
import structlog

from main import VERSION
from tests.live_server import running_server
from tests.project.source_tree import ROOT
from transport import configure_log
from transport.request_log import reset_log

SUBSCRIPTION = "/graphql?query=subscription{activeSessions{__typename}}"


def log_lines(log: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]


TYPENAME = b'{"query": "{__typename}"}'
REQUEST = (
    b"POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
) % (len(TYPENAME), TYPENAME)


def send_requests(origin: str, number: int) -> None:
    """Send requests at once over one connection, and wait for their answers."""
    with socket.create_connection(("127.0.0.1", int(origin.rpartition(":")[2]))) as connection:
        connection.settimeout(20)
        connection.sendall(REQUEST * number)
        received = b""
        while received.count(b'{"data":{"__typename":"Query"}}') < number:
            chunk = connection.recv(65_536)
            assert chunk, "the server has closed the connection"
            received += chunk


def test_start_and_stop_are_logged_with_their_facts(tmp_path: Path) -> None:
    with (
        running_server(tmp_path, PRODUCTION="true", INSECURE="true") as server,
        httpx2.stream("GET", server.origin + SUBSCRIPTION, headers={"Accept": "text/event-stream"}) as stream,
    ):
        send_requests(server.origin, 50)
        os.kill(server.pid, signal.SIGTERM)
        assert any("the server ends this stream" in line for line in stream.iter_lines())
    output = server.log.read_text()
    lines = {line["event"]: line for line in log_lines(server.log)}
    started, stopped = lines["server started"], lines["server stopped"]
    expected = {
        "version": VERSION,
        "address": server.origin,
        "database": str(tmp_path / "test.db"),
        "production": True,
    }
    assert {name: started[name] for name in expected} == expected
    assert (stopped["reason"], stopped["streams_ended"]) == ("SIGTERM", 1)
    assert 0 < stopped["shutdown_seconds"] <= stopped["uptime_seconds"]
    assert "GraphiQL" not in output, "production serves none"
    events = [line["event"] for line in log_lines(server.log) if line.get("type") != "subscription"]
    assert events == ["server started", *["operation"] * 50, "server stopped"], "none is lost"


def test_log_that_is_not_read_stops_no_server(tmp_path: Path) -> None:
    """A pipe that is full, and then one without a reader."""
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
    command = [sys.executable, "main.py", "serve", "--port", "0", "--database", str(tmp_path / "test.db")]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=writer) as process:
        os.close(writer)
        assert process.stdout is not None
        announced = b"".join(process.stdout.readline() for _ in range(2)).decode()
        origin = re.search(r"http://[\d.:]+", announced)
        assert origin is not None, announced
        send_requests(origin[0], 100)
        os.close(reader)
        send_requests(origin[0], 20)
        process.terminate()
        assert process.wait(20) == -signal.SIGTERM


def test_log_is_text_in_a_terminal(tmp_path: Path) -> None:
    terminal, device = pty.openpty()
    command = [sys.executable, "main.py", "serve", "--port", "0", "--database", str(tmp_path / "test.db")]
    environment = os.environ | {"NO_COLOR": "1"}
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=device, env=environment) as process:
        os.close(device)
        assert process.stdout is not None
        assert process.stdout.readline().startswith(b"GraphiQL  http://")
        process.terminate()
        process.wait(20)
    output = os.read(terminal, 65536).decode()
    os.close(terminal)
    assert "[info     ] server started" in output
    assert f"database='{tmp_path / 'test.db'}'" in output
    assert "[info     ] server stopped" in output
    assert "reason='SIGTERM'" in output


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stream", "log_format", "is_json"),
    [
        (Terminal(), "auto", False),
        (Terminal(), "json", True),
        (Terminal(), "text", False),
        (io.StringIO(), "auto", True),
        (io.StringIO(), "json", True),
        (io.StringIO(), "text", False),
    ],
)
def test_log_format_is_chosen_by_setting_and_stream(
    monkeypatch: pytest.MonkeyPatch, stream: io.StringIO, log_format: str, *, is_json: bool
) -> None:
    monkeypatch.setattr(sys, "stderr", stream)
    configure_log("info", log_format)
    structlog.get_logger("test").info("happened", text="a\x1b[2J\nb")
    structlog.get_logger("test").debug("hidden")
    reset_log()
    (line,) = stream.getvalue().splitlines()
    assert line.startswith("{") is is_json
    assert "\x1b[2J" not in line, "no control characters of values reach a terminal"


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_log_shows_no_message_of_an_exception(monkeypatch: pytest.MonkeyPatch, log_format: str) -> None:
    output = io.StringIO()
    monkeypatch.setattr(sys, "stderr", output)
    configure_log("info", log_format)
    secret = "hidden" * 3
    try:
        try:
            dict[str, int]()[secret]
        except KeyError as error:
            raise ValueError(secret) from error
    except ValueError:
        structlog.get_logger("test").exception("failed")
        logging.lastResort.handle(  # type: ignore[union-attr]  # `configure_log` sets it
            logging.LogRecord("a library", logging.ERROR, __file__, 7, secret, (secret,), sys.exc_info())
        )
    structlog.get_logger("test").error("failed too", traceback="frame\nframe")
    reset_log()
    text = output.getvalue()
    assert text.count("builtins.ValueError") == text.count("builtins.KeyError") == 2
    assert "a library" in text
    assert "test_server_log:7" in text
    assert secret not in text
