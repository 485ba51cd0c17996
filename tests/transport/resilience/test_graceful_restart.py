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


@dataclass
class ConnectedClients:
    ledger: WriteLog = field(default_factory=WriteLog)
    seconds: float = 0.0

    async def stop(self, server: ServerProcess, *, listeners: int, writers: int) -> None:
        port, ledger = server.port, self.ledger
        listening = [await LISTENERS[number % len(LISTENERS)](port) for number in range(listeners)]
        kinds = (write_over_http, write_over_socket)
        writing = [asyncio.create_task(kinds[number % 2](port, ledger)) for number in range(writers)]
        await ledger.wait_for_more(3 * writers)
        silent = [await over_idle_socket(port) for _ in range(2)]
        may_end, never = asyncio.Event(), asyncio.Event()
        halves = [
            asyncio.create_task(write_in_two_parts(port, ledger, event)) for event in (may_end, may_end, never, never)
        ]
        unsaid = await asyncio.open_connection(HOST, port)
        unsaid[1].write(post("{viewer{name}}")[:40])
        server.terminate()
        began = monotonic()
        await ledger.wait_for_more(writers)  # it goes on answering those who are connected
        may_end.set()
        assert await server.wait() == -signal.SIGTERM
        self.seconds = monotonic() - began
        await asyncio.gather(*writing)
        never.set()
        assert await asyncio.gather(*halves) == [200, 200, 503, 503]
        with closing(unsaid[1]):
            assert await unsaid[0].read() == b""
        ends = await asyncio.gather(*(listener.outcome for listener in (*listening, *silent)))
        assert ends == [("1012", "well", "well")[number % 3] for number in range(listeners)] + ["1012"] * 2
        assert ledger.refused == []

    def assert_kept(self, file: Path) -> None:
        with closing(sqlite3.connect(file)) as database:
            stored = {name for (name,) in database.execute("SELECT subject FROM session")}
        assert stored == self.ledger.acknowledged


async def test_graceful_restart_answers_accepted_requests(tmp_path: Path) -> None:
    file, crowd = tmp_path / "test.db", ConnectedClients()
    async with asyncio.timeout(120), server_process(file) as server:
        await crowd.stop(server, listeners=9, writers=8)
    crowd.assert_kept(file)


@pytest.mark.long
async def test_restart_under_load_takes_at_most_ten_seconds(
    tmp_path: Path,
) -> None:
    file, crowd, port = tmp_path / "test.db", ConnectedClients(), 0
    async with asyncio.timeout(600):
        for _ in range(3):
            async with server_process(file, PORT=str(port)) as server:
                await crowd.stop(server, listeners=500, writers=32)
                assert crowd.seconds <= 6
                began, port = monotonic(), server.port
            crowd.assert_kept(file)
            async with server_process(file, PORT=str(port)) as again:
                await over_socket(port)
                assert monotonic() - began + crowd.seconds <= 10
                again.terminate()
                await again.wait()
