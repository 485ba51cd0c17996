"""Slow consumers among quick ones."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn

from tests.api_client import ApiClient, open_api
from tests.live_server import run_app
from tests.polling import TIMEOUT_SECONDS, wait_until
from tests.transport.resilience.readers import KINDS, LONG, Reader
from transport import Limits

READERS, SLOW = 102, 21
EVENTS = 15
QUEUE = 256 * 1024

ON_THE_WAY = 384 * 1024


def nothing(_place: str) -> None: ...


@dataclass
class Subscribers:
    api: ApiClient
    server: uvicorn.Server
    session: str
    slow: list[Reader] = field(default_factory=list)
    quick: list[Reader] = field(default_factory=list)
    received: Counter[str] = field(default_factory=Counter)
    delivered: asyncio.Event = field(default_factory=asyncio.Event)

    async def subscribe_all(self, port: int) -> None:
        self.slow = [await KINDS[number % len(KINDS)](port, nothing, LONG) for number in range(SLOW)]
        self.quick = [await KINDS[number % len(KINDS)](port, self._note, LONG) for number in range(READERS - SLOW)]
        await wait_until(lambda: len(self.streams.groups) == 1 and len(self.streams.subscriptions) == READERS)
        await wait_until(lambda: all(stream.is_live for stream in self.streams.subscriptions))
        for reader in self.slow:
            reader.pause()

    def _note(self, place: str) -> None:
        self.received[place] += 1
        if self.received[place] == len(self.quick):
            self.delivered.set()

    @property
    def streams(self) -> Any:
        return self.api.app.state.streams

    async def move_session(self, place: str) -> None:
        self.delivered.clear()
        await self.api.mutate("keepaliveSession", {"id": self.session, "path": [place]})
        async with asyncio.timeout(TIMEOUT_SECONDS):
            await self.delivered.wait()
        assert max(stream.queued_bytes for stream in self.streams.subscriptions) <= QUEUE
        connections = self.server.server_state.connections
        assert max(connection.transport.get_write_buffer_size() for connection in connections) <= ON_THE_WAY

    async def disconnect_all(self) -> None:
        await asyncio.gather(*(reader.disconnect() for reader in (*self.slow, *self.quick)))


@asynccontextmanager
async def subscribe(file: Path, limits: Limits) -> AsyncIterator[Subscribers]:
    async with open_api(file, limits=limits) as api, run_app(api.app) as (port, server):
        session = await api.start_user(metadata={"much": "x" * 15_000})
        subscribers = Subscribers(api, server, session["id"])
        try:
            await subscribers.subscribe_all(port)
            yield subscribers
        finally:
            await subscribers.disconnect_all()
            await wait_until(lambda: not subscribers.streams.subscriptions)


async def test_slow_reader_that_recovers_loses_nothing(tmp_path: Path) -> None:
    places = [str(number) for number in range(EVENTS)]
    async with subscribe(tmp_path / "test.db", Limits(stream_queue_bytes=QUEUE)) as subscribers:
        for place in places:
            await subscribers.move_session(place)
        assert all(reader.paths == places for reader in subscribers.quick)
        # Every slow reader has more unread than its queue holds.
        assert sum(stream._overflowed for stream in subscribers.streams.subscriptions) == SLOW
        assert all(len(reader.paths) < EVENTS for reader in subscribers.slow)
        for reader in subscribers.slow:
            reader.resume()
            await asyncio.wait_for(reader.wait_for_count(EVENTS), TIMEOUT_SECONDS)
        await subscribers.move_session("last")
        for reader in subscribers.slow:
            await asyncio.wait_for(reader.wait_for_count(EVENTS + 1), TIMEOUT_SECONDS)
        assert all(reader.paths == [*places, "last"] for reader in (*subscribers.slow, *subscribers.quick))
        assert len(subscribers.streams.groups) == 1


async def test_slow_consumer_is_closed_without_affecting_others(tmp_path: Path) -> None:
    limits = Limits(stream_queue_bytes=QUEUE, stream_stall_seconds=1)
    async with subscribe(tmp_path / "test.db", limits) as subscribers:
        number = 0
        while len(subscribers.streams.subscriptions) > READERS - SLOW:
            await subscribers.move_session(str(number))
            number += 1
        await subscribers.move_session("last")
        for reader in subscribers.slow:
            reader.resume()
        codes = [await reader.task for reader in subscribers.slow]
        assert codes == [1013, 0, 0] * (SLOW // 3)
        places = [*map(str, range(number)), "last"]
        assert all(reader.paths == places for reader in subscribers.quick)
        assert all(reader.paths == places[: len(reader.paths)] for reader in subscribers.slow)
