"""A server is started, stopped, and started again where it was; what it takes can be read."""

import os
import resource
from pathlib import Path
from typing import Any

import pytest

from bench.servers import Server, ServerFailed, ServerSpec
from bench.system_info import ResourceLimitError, cpu_seconds, raise_fd_limit, resident_bytes

TINY = """
import signal, sys
from http.server import BaseHTTPRequestHandler, HTTPServer
class Ready(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
if sys.argv[2] == "stubborn":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
HTTPServer(("127.0.0.1", int(sys.argv[1])), Ready).serve_forever()
"""


def tiny(manner: str = "") -> ServerSpec:
    """A server that is always ready."""
    return ServerSpec("tiny", lambda port, _: ["-c", TINY, str(port), manner])


async def test_a_server_comes_back_on_its_port(tmp_path: Path) -> None:
    server = Server(tiny(), tmp_path, None)
    port = server.port
    for _ in range(2):
        await server.start()
        assert server.cpu_seconds > 0
        assert server.resident_bytes > 1_000_000
        seconds = await server.stop()
        assert seconds is not None
        assert seconds > 0
        assert await server.stop() is not None
    assert server.port == port


async def test_a_server_that_does_not_stop_is_killed(tmp_path: Path) -> None:
    server = Server(tiny("stubborn"), tmp_path, None)
    await server.start()
    assert await server.stop(seconds=0.05) is None
    assert server._live_process.returncode == -9


async def test_a_server_that_ends_at_once_says_what_it_said(tmp_path: Path) -> None:
    server = Server(ServerSpec("broken", lambda *_: ["-c", "raise SystemExit('no such thing')"]), tmp_path, None)
    with pytest.raises(ServerFailed, match="broken did not get ready:\nno such thing"):
        await server.start()
    assert await Server(tiny(), tmp_path, None).stop() == 0


def test_what_a_process_takes_is_known_while_it_is_there() -> None:
    assert cpu_seconds(os.getpid()) > 0
    assert resident_bytes(os.getpid()) > 1_000_000
    with pytest.raises(ResourceLimitError, match="on Linux"):
        resident_bytes(2**30)


@pytest.fixture
def limits(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """The limits on open files, soft and hard, of a caller who may not raise the hard one."""
    found = [(1024, 4096)]

    def change(_: int, limit: tuple[int, int]) -> None:
        if limit[1] != found[-1][1]:
            raise ValueError("not allowed to raise maximum limit")
        found.append(limit)

    monkeypatch.setattr(resource, "getrlimit", lambda _: found[-1])
    monkeypatch.setattr(resource, "setrlimit", change)
    return found


@pytest.mark.parametrize(("number", "after"), [(500, (1024, 4096)), (1024, (1024, 4096)), (4096, (4096, 4096))])
def test_as_many_files_are_allowed_as_are_needed(limits: list[Any], number: int, after: tuple[int, int]) -> None:
    raise_fd_limit(number)
    assert limits[-1] == after


def test_whoever_may_not_open_so_many_files_is_told_what_to_do(limits: list[Any]) -> None:
    with pytest.raises(
        ResourceLimitError, match=r"10500 open files are needed, and 4096 are allowed: .*ulimit -Hn 10500"
    ):
        raise_fd_limit(10_500)
    assert limits == [(1024, 4096)]


def test_no_limit_stays_no_limit(limits: list[Any]) -> None:
    limits[:] = [(1024, resource.RLIM_INFINITY)]
    raise_fd_limit(10_500)
    assert limits[-1] == (10_500, resource.RLIM_INFINITY)
