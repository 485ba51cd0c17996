"""Clients that connect and say nothing, or send one byte at a time: they are cut off, and others are served."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from time import monotonic
from typing import Final

import pytest

from bench.load_generator import HOST
from tests.api_client import open_api
from tests.live_server import connect, run_app, run_concurrently, server_process
from tests.polling import wait_until
from tests.transport.http.multipart_client import BOUNDARY, count_open_files
from tests.transport.resilience.listeners import post
from tests.transport.websocket.live_server import HANDSHAKE, text_frame
from transport import Limits
from transport.server.http_protocol import HttpProtocol

QUERY: Final = "{ viewer { name } }"
REQUEST: Final = post(QUERY)
HEAD_LENGTH: Final = REQUEST.index(b"\r\n\r\n") + 4
FORM: Final = (
    b"POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\nGraphQL-Require-Preflight: 1\r\n"
    b"Content-Type: multipart/form-data; boundary=" + BOUNDARY.encode() + b"\r\n\r\n"
)
INIT: Final = text_frame({"type": "connection_init"})
CLIENTS: Final = {
    "silent": (b"", b""),
    "header": (b"", REQUEST[: HEAD_LENGTH - 4] + b"\r\nX: " + b"x" * 100_000),
    "silent before body": (REQUEST[:HEAD_LENGTH], b""),
    "body": (REQUEST[:HEAD_LENGTH].replace(b"Content-Length: ", b"Content-Length: 9"), b" " * 100_000),
    "form": (FORM, f"--{BOUNDARY}\r\nContent-Disposition: ".encode() + b"x" * 90_000),
    "handshake": (b"", HANDSHAKE[:-2] + b"X: " + b"x" * 60_000),
    "silent socket": (HANDSHAKE, b""),
    "message before init": (HANDSHAKE, text_frame({"type": "connection_init", "payload": "x" * 100_000})),
    "message": (HANDSHAKE + INIT, text_frame({"type": "pong", "payload": "x" * 100_000})),
}
"""What each client sends at once, and what it then sends byte by byte."""
WAIT: Final = 0.5


class ShortHeaderTimeout(HttpProtocol):
    header_timeout_seconds = WAIT


async def send_slowly(port: int, client: str, pause: float) -> tuple[str, float]:
    """Send until the server closes the connection. Returns the client, and for how many seconds it was open."""
    at_once, slowly = CLIENTS[client]
    reader, writer = await asyncio.open_connection(HOST, port)
    started_at = monotonic()
    with closing(writer):
        if at_once.startswith(HANDSHAKE):
            writer.write(HANDSHAKE)
            await reader.readuntil(b"\r\n\r\n")
        writer.write(at_once.removeprefix(HANDSHAKE))
        reading = asyncio.create_task(read_until_end(reader))
        for byte in slowly:
            if reading.done() or writer.is_closing():
                break
            writer.write(bytes((byte,)))
            await asyncio.sleep(pause)
        await reading
    return client, monotonic() - started_at


async def read_until_end(reader: asyncio.StreamReader) -> None:
    try:
        while await reader.read(65_536):
            pass
    except ConnectionError:
        pass


async def serve_meanwhile(slow: list["asyncio.Task[tuple[str, float]]"], ask: Callable[[], Awaitable[object]]) -> int:
    """Count the requests of another client until all slow ones are cut off."""
    served = 0
    while not all(task.done() for task in slow):
        await ask()
        served += 1
        await asyncio.sleep(0.01)
    return served


async def test_slow_senders_are_cut_off(tmp_path: Path) -> None:
    limits = Limits(
        init_seconds=WAIT, body_idle_seconds=WAIT, body_seconds=WAIT, ping_seconds=WAIT, pong_seconds=WAIT / 2
    )
    async with (
        open_api(tmp_path / "test.db", limits=limits) as api,
        run_app(api.app, http=ShortHeaderTimeout) as (port, server),
    ):
        await asyncio.gather(*(api.execute(QUERY) for _ in range(10)))  # opens all that the server keeps open
        await run_concurrently(port, (QUERY, {}))
        before = count_open_files()
        slow = [asyncio.create_task(send_slowly(port, client, 0.02)) for client in CLIENTS for _ in range(10)]
        assert await serve_meanwhile(slow, lambda: api.execute(QUERY)) > 5
        assert not server.server_state.connections
        await wait_until(lambda: count_open_files() <= before)


@pytest.mark.long
async def test_two_thousand_silent_clients_are_cut_off_in_time(tmp_path: Path) -> None:
    """With the timeouts of production."""
    # A client that does not answer the close frame of a WebSocket is cut off 5 s after it.
    sockets = {"silent socket": 15, "message before init": 15, "message": 35}
    most = {"silent before body": 15, "body": 31, "form": 31} | sockets
    async with asyncio.timeout(600), server_process(tmp_path / "test.db") as process, connect(process.port) as client:
        await client.ask(QUERY)
        before = process.descriptors
        clients = ["silent", "silent socket"] * 1_000 + [client for client in CLIENTS for _ in range(10)]
        slow = [asyncio.create_task(send_slowly(process.port, each, 1)) for each in clients]
        assert await serve_meanwhile(slow, lambda: client.ask(QUERY)) > 100
        durations: dict[str, float] = {}
        for task in slow:
            each, seconds = await task
            durations[each] = max(seconds, durations.get(each, 0))
        await wait_until(lambda: process.descriptors <= before * 1.05)
    print(durations)  # noqa: T201 - the figures of the promise
    # Connecting 2,000 clients takes a part of it.
    assert {each: seconds for each, seconds in durations.items() if seconds > most.get(each, 10) + 5} == {}
