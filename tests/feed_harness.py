"""Log reader driven by tests: streams shared as in the transport, polls and timers on demand."""

import asyncio
from collections.abc import AsyncIterator, Callable, Hashable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from models.enums import SetChange
from resolvers.access import LOCAL_ADMIN, Caller
from resolvers.context import Context, open_context
from resolvers.feed.consumer import LogConsumer
from resolvers.feed.log_reader import LogReader
from resolvers.feed.messages import CaughtUp, Change, FeedItem, Resync, Snapshot
from resolvers.subscriptions.active_sessions import active_sessions
from resolvers.subscriptions.source import Source
from tests.api_client import ApiClient, FakeClock, open_api


class FakeTimers:
    """Clock that stands still until it is advanced."""

    def __init__(self) -> None:
        self.now = 1000.0
        self._waiting: list[FakeTimer] = []

    def time(self) -> float:
        return self.now

    def call_at(self, when: float, callback: Callable[[], object], /) -> "FakeTimer":
        timer = FakeTimer(when, callback)
        self._waiting.append(timer)
        if when <= self.now:
            asyncio.get_running_loop().call_soon(self.advance, 0)
        return timer

    def advance(self, seconds: float) -> None:
        self.now += seconds
        due = [timer for timer in self._waiting if timer.when <= self.now]
        self._waiting = [timer for timer in self._waiting if timer.when > self.now]
        for timer in due:
            if not timer.cancelled:
                timer.callback()

    @property
    def next(self) -> float | None:
        """Seconds until the next callback; null: none is scheduled."""
        return min((timer.when - self.now for timer in self._waiting if not timer.cancelled), default=None)


class FakeTimer:
    def __init__(self, when: float, callback: Callable[[], object]) -> None:
        self.when = when
        self.callback = callback
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


class SharedStream:
    """Items of all streams with one key."""

    def __init__(self, consumer: LogConsumer) -> None:
        self.consumer = consumer
        self.items: list[FeedItem] = []

    async def drain(self) -> None:
        await self.consumer.on_drained()
        while self.consumer.queued:
            self.items.append(await anext(self.consumer))
            await self.consumer.on_drained()


class Stream:
    def __init__(self, harness: "FeedHarness", source: Source, group: SharedStream) -> None:
        self.source = source
        self.received: list[FeedItem] = []
        self._harness = harness
        self._group = group
        self._offset = len(group.items)
        self._caught_up: CaughtUp | None = None

    async def catch_up(self, after: str | None = None) -> None:
        """Read the catch-up to its end."""
        async for item in self.source.open(after):
            if isinstance(item, CaughtUp):
                self._caught_up = item
            else:
                assert isinstance(item, FeedItem)
                self.received.append(item)

    async def read(self) -> list[Any]:
        """Return the payloads received until nothing more happens."""
        await self._harness.run_until_idle()
        before = len(self.received)
        self._receive()
        return [item.payload for item in self.received[before:]]

    def _receive(self) -> None:
        new_items, self._offset = self._group.items[self._offset :], len(self._group.items)
        if self._caught_up is not None:
            self.received += [item for item in new_items if item.sequence > self._caught_up.through]

    @property
    def cursors(self) -> list[str]:
        return [item.cursor for item in self.received if item.cursor is not None]


def fold(received: list[FeedItem], held: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return the set that a client holds after these items."""
    found = dict(held or {})
    for item in received:
        match item.payload:
            case Resync():
                found.clear()
            case Snapshot(first=first, sessions=rows):
                found = ({} if first else found) | {row.id: row for row in rows}
            case Change(change=SetChange.REMOVED, id=id_):
                found.pop(id_, None)
            case Change(id=id_, session=row):
                found[id_] = row
    return found


class FeedHarness:
    """Server without sockets, with a log reader that polls on demand."""

    def __init__(self, api: ApiClient, log_reader: LogReader, timers: FakeTimers) -> None:
        self.api = api
        self.log_reader = log_reader
        self.timers = timers
        self.database = api.app.state.services.database
        self.services = replace(api.app.state.services, log_reader=log_reader)
        self._groups: dict[Hashable, SharedStream] = {}
        self._stack = AsyncExitStack()

    async def context(self, caller: Caller = LOCAL_ADMIN) -> Context:
        async with open_context(self.services, caller) as context:
            return context

    async def open_stream(self, source: Source, after: str | None = None) -> Stream:
        """Open a stream: it follows its group first, then catches up."""
        stream = await self.follow(source)
        await stream.catch_up(after)
        return stream

    async def follow(self, source: Source) -> Stream:
        """Open a stream that has still to catch up."""
        return await self._follow(source, source.key)

    async def follow_alone(self, source: Source) -> Stream:
        """Open a stream in a group of its own, as with a document of its own, that has caught up."""
        stream = await self._follow(source, object())
        await stream.catch_up()
        return stream

    async def _follow(self, source: Source, key: Hashable) -> Stream:
        group = self._groups.get(key)
        if group is None:
            consumer = await self._stack.enter_async_context(source.follow())
            assert isinstance(consumer, LogConsumer)
            group = self._groups[key] = SharedStream(consumer)
        await group.drain()
        return Stream(self, source, group)

    async def subscribe(self, caller: Caller = LOCAL_ADMIN, *, after: str | None = None, **filter_input: Any) -> Stream:
        """Open a stream of active sessions; `every` is the minimum interval in milliseconds."""
        options = {"min_interval_ms": filter_input.pop("every", 0), "heartbeats": filter_input.pop("heartbeats", False)}
        return await self.open_stream(
            active_sessions(await self.context(caller), filter=filter_input, after=after, **options)
        )

    async def run_until_idle(self) -> None:
        """Poll until no batch is requested any more."""
        for _ in range(100):
            self.log_reader._wake_requested.clear()
            await self.log_reader.poll()
            for group in self._groups.values():
                await group.drain()
            if not self.log_reader._wake_requested.is_set():
                return
        raise AssertionError("never idle")

    async def close_streams(self) -> None:
        self._groups.clear()
        await self._stack.aclose()

    async def active_ids(self, **filter_input: Any) -> set[str]:
        """Return the ids that the query finds for the filter of a stream."""
        document = "query($filter: SessionFilter) { sessions(filter: $filter, first: 500) { nodes { id } } }"
        page = await self.api.execute(document, filter={**filter_input, "active": True})
        return {node["id"] for node in page["nodes"]}


@asynccontextmanager
async def open_harness(
    file: Path, clock: FakeClock | None = None, timers: FakeTimers | None = None
) -> AsyncIterator[FeedHarness]:
    """Open a harness on a database file."""
    timers = timers or FakeTimers()
    async with open_api(file, clock) as api:
        services = api.app.state.services
        log_reader = LogReader(services.database, services.liveness, timers)
        harness = FeedHarness(api, log_reader, timers)
        try:
            yield harness
        finally:
            await harness.close_streams()
