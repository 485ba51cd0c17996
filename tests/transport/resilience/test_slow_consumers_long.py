"""Slow consumers for minutes, with 1,000 subscribers."""

import asyncio
import os
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

import pytest

from tests.live_server import HttpConnection, ServerProcess, connect, server_process
from tests.transport.resilience.readers import KINDS, SHORT, Reader

READERS, SLOW = 1_000, 200
EVENTS_A_SECOND = 5
BEFORE, AFTER = 60.0, float(os.environ.get("SLOW_SECONDS", "300"))
MOST = 1.25 * 1024 * 1024
PATIENCE = 30.0

START = """mutation($metadata: JSON) { startSession(input: {variant: {user: {username: "ann"}}, metadata: $metadata}) {
    session { id } } }"""
MOVE = """mutation($id: ID!, $path: [String!]) { keepaliveSession(input: {id: $id, path: $path}) {
    problems { code } } }"""


@dataclass
class DelaySample:
    delays: "array[float]" = field(default_factory=lambda: array("d"))

    def note(self, place: str) -> None:
        self.delays.append(perf_counter() - float(place))

    @property
    def p99(self) -> float:
        return sorted(self.delays)[len(self.delays) * 99 // 100]


class LoadTest:
    def __init__(self, server: ServerProcess, asking: HttpConnection, session: str) -> None:
        self.server = server
        self.now = DelaySample()
        self.places: list[str] = []
        self.bytes = 0
        """The most that the server held."""
        self.closed: list[tuple[int, float]] = []
        """Codes with which the slow were closed, and after how many seconds."""
        self._asking = asking
        self._session = session

    async def run_for(self, seconds: float) -> DelaySample:
        self.now, self.bytes = DelaySample(), 0
        loop = asyncio.get_running_loop()
        started_at = loop.time()
        for number in range(int(seconds * EVENTS_A_SECOND)):
            await asyncio.sleep(started_at + number / EVENTS_A_SECOND - loop.time())  # a fixed rate
            await self._move()
            self.bytes = max(self.bytes, self.server.resident_bytes)
        return self.now

    async def _move(self) -> None:
        place = str(perf_counter())
        moved = await self._asking.ask(MOVE, id=self._session, path=[place])
        assert moved == {"keepaliveSession": {"problems": []}}
        self.places.append(place)

    async def warm_up(self, readers: Sequence[Reader]) -> None:
        while not all(reader.paths for reader in readers):
            await self._move()
        for reader in readers:
            await reader.wait_for_last(self.places[-1])
            reader.paths.clear()
        self.places.clear()

    async def read(self, number: int) -> Reader:
        return await KINDS[number % len(KINDS)](self.server.port, self._note, SHORT)

    def _note(self, place: str) -> None:
        self.now.note(place)

    async def do_not_read(self, number: int) -> None:
        await asyncio.sleep(number * 2 * PATIENCE / SLOW)
        while True:
            reader = await KINDS[number % len(KINDS)](self.server.port, lambda _: None, SHORT)
            try:
                reader.pause()
                started_at = perf_counter()
                await asyncio.sleep(2 * PATIENCE)  # a paused client cannot see the close
                reader.resume()
                self.closed.append((await reader.task, perf_counter() - started_at))
            finally:
                await reader.disconnect()


@pytest.mark.long
async def test_slow_fifth_of_subscribers_affects_only_itself(tmp_path: Path) -> None:
    async with (
        asyncio.timeout(BEFORE + AFTER + 300),
        server_process(tmp_path / "test.db") as server,
        connect(server.port) as asking,
    ):
        started = await asking.ask(START, metadata={"much": "x" * 6_000})
        run_steps = LoadTest(server, asking, started["startSession"]["session"]["id"])
        readers = [await run_steps.read(number) for number in range(READERS)]
        await run_steps.warm_up(readers)
        before = await run_steps.run_for(BEFORE)
        held = run_steps.bytes
        await asyncio.gather(*(reader.disconnect() for reader in readers[:SLOW]))
        slow = [asyncio.create_task(run_steps.do_not_read(number)) for number in range(SLOW)]
        after = await run_steps.run_for(AFTER)
        for task in slow:
            task.cancel()
        await asyncio.gather(*slow, return_exceptions=True)
        for reader in readers[SLOW:]:
            await reader.wait_for_count(len(run_steps.places))
            assert reader.paths == run_steps.places
            await reader.disconnect()
    assert len(run_steps.closed) >= SLOW
    # A client that reads only now may miss the close frame: buffered output was dropped with the connection.
    assert {code for code, _ in run_steps.closed} <= {1013, 1006, 0}
    assert max(seconds for _, seconds in run_steps.closed) <= 2 * PATIENCE + 5
    assert run_steps.bytes <= held + SLOW * MOST
    assert after.p99 <= 1.1 * before.p99 + 0.005, (before.p99, after.p99)
