"""Graceful restart under load."""

import asyncio
import signal
import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

import pytest

from bench.load_generator import HOST
from tests.live_server import ServerProcess, server_process
from tests.transport.resilience.listeners import over_idle_socket, over_multipart, over_socket, over_sse, post
from tests.transport.resilience.writers import WriteLog, write_in_two_parts, write_over_http, write_over_socket

LISTENERS = (over_socket, over_sse, over_multipart)
UNLIMITED = "1e9"
"""Messages per second: a client that waits for each answer sends more than a page ever does."""


@dataclass
class ConnectedClients:
    writes: WriteLog = field(default_factory=WriteLog)
    seconds: float = 0.0

    async def stop(self, server: ServerProcess, *, listeners: int, writers: int) -> None:
        port, writes = server.port, self.writes
        listening = [await LISTENERS[number % len(LISTENERS)](port) for number in range(listeners)]
        kinds = (write_over_http, write_over_socket)
        writing = [asyncio.create_task(kinds[number % 2](port, writes)) for number in range(writers)]
        await writes.wait_for_more(3 * writers)
        silent = [await over_idle_socket(port) for _ in range(2)]
        may_finish, never = asyncio.Event(), asyncio.Event()
        two_part_writes = [
            asyncio.create_task(write_in_two_parts(port, writes, event))
            for event in (may_finish, may_finish, never, never)
        ]
        incomplete = await asyncio.open_connection(HOST, port)
        incomplete[1].write(post("{viewer{name}}")[:40])
        server.terminate()
        started_at = monotonic()
        await writes.wait_for_more(writers)  # connected clients are still served
        may_finish.set()
        assert await server.wait() == -signal.SIGTERM
        self.seconds = monotonic() - started_at
        await asyncio.gather(*writing)
        never.set()
        assert await asyncio.gather(*two_part_writes) == [200, 200, 503, 503]
        with closing(incomplete[1]):
            assert await incomplete[0].read() == b""
        ends = await asyncio.gather(*listening, *silent)
        assert ends == [("1012", "well", "well")[number % 3] for number in range(listeners)] + ["1012"] * 2
        assert writes.refused == []

    def assert_kept(self, file: Path) -> None:
        with closing(sqlite3.connect(file)) as database:
            stored = {name for (name,) in database.execute("SELECT subject FROM session")}
        assert stored == self.writes.acknowledged


async def test_graceful_restart_answers_accepted_requests(tmp_path: Path) -> None:
    file, clients = tmp_path / "test.db", ConnectedClients()
    async with asyncio.timeout(120), server_process(file, LIMITS__MESSAGE_RATE=UNLIMITED) as server:
        await clients.stop(server, listeners=9, writers=8)
    clients.assert_kept(file)


@pytest.mark.long
async def test_restart_under_load_takes_at_most_ten_seconds(tmp_path: Path) -> None:
    file, clients, port = tmp_path / "test.db", ConnectedClients(), 0
    async with asyncio.timeout(600):
        for _ in range(3):
            async with server_process(file, PORT=str(port), LIMITS__MESSAGE_RATE=UNLIMITED) as server:
                await clients.stop(server, listeners=500, writers=32)
                assert clients.seconds <= 6
                started_at, port = monotonic(), server.port
            clients.assert_kept(file)
            async with server_process(file, PORT=str(port)) as again:
                await over_socket(port)
                assert monotonic() - started_at + clients.seconds <= 10
                again.terminate()
                await again.wait()
