"""The feed as a test drives it: streams that are shared as the transport shares them, time that the test lets pass."""

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
    """Passing time that passes when it is told to."""

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
        """In how many seconds something will happen; null: nothing will."""
        return min((timer.when - self.now for timer in self._waiting if not timer.cancelled), default=None)


class FakeTimer:
    def __init__(self, when: float, callback: Callable[[], object]) -> None:
        self.when = when
        self.callback = callback
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


class SharedStream:
    """Streams with one key, and what they were all told."""

    def __init__(self, consumer: LogConsumer) -> None:
        self.follower = consumer
        self.items: list[FeedItem] = []

    async def drain(self) -> None:
        await self.follower.on_drained()
        while self.follower.queued:
            self.items.append(await anext(self.follower))
            await self.follower.on_drained()


class Stream:
    """One subscriber."""

    def __init__(self, harness: "FeedHarness", source: Source, group: SharedStream) -> None:
        self.source = source
        self.received: list[FeedItem] = []
        self._harness = harness
        self._group = group
        self._offset = len(group.items)
        self._caught_up: CaughtUp | None = None

    async def catch_up(self, after: str | None = None) -> None:
        """Read its own beginning, whole."""
        async for item in self.source.open(after):
            if isinstance(item, CaughtUp):
                self._caught_up = item
            else:
                assert isinstance(item, FeedItem)
                self.received.append(item)

    async def read(self) -> list[Any]:
        """What it is told next, now that all is quiet."""
        await self._harness.run_until_idle()
        before = len(self.received)
        self._receive()
        return [item.payload for item in self.received[before:]]

    def _receive(self) -> None:
        new_items, self._offset = self._group.items[self._offset :], len(self._group.items)
        if self._caught_up is not None:
            live_items = [item for item in new_items if item.sequence > self._caught_up.through]
            self.received += [
                item for item in live_items if self._caught_up.accepts is None or self._caught_up.accepts(item)
            ]

    @property
    def cursors(self) -> list[str]:
        """All cursors it was told."""
        return [item.cursor for item in self.received if item.cursor is not None]


def fold(received: list[FeedItem], held: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The set as a client holds it after what it was told."""
    found = dict(held or {})
    for item in received:
        match item.payload:
            case Resync():
                found.clear()
            case Snapshot(sessions=rows):
                found |= {row.id: row for row in rows}
            case Change(change=SetChange.REMOVED, id=id_):
                found.pop(id_, None)
            case Change(id=id_, session=row):
                found[id_] = row
    return found


class FeedHarness:
    """A feed of its own on the database of a server."""

    def __init__(self, api: ApiClient, log_reader: LogReader, timers: FakeTimers) -> None:
        self.api = api
        self.log_reader = log_reader
        self.timers = timers
        self.database = api.app.state.services.database
        self.services = replace(api.app.state.services, log_reader=log_reader)
        self._groups: dict[Hashable, SharedStream] = {}
        self._stack = AsyncExitStack()

    async def context(self, caller: Caller = LOCAL_ADMIN) -> Context:
        return await open_context(self.services, caller)

    async def open_stream(self, source: Source, after: str | None = None) -> Stream:
        """One more stream: it follows first, and reads its beginning then."""
        stream = await self.follow(source)
        await stream.catch_up(after)
        return stream

    async def follow(self, source: Source) -> Stream:
        """One more stream that has not yet read its beginning."""
        group = self._groups.get(source.key)
        if group is None:
            consumer = await self._stack.enter_async_context(source.follow())
            assert isinstance(consumer, LogConsumer)
            group = self._groups[source.key] = SharedStream(consumer)
        await group.drain()
        return Stream(self, source, group)

    async def subscribe(self, caller: Caller = LOCAL_ADMIN, *, after: str | None = None, **filter_input: Any) -> Stream:
        """One more stream of the live set, whose filter is `given`."""
        options = {"min_interval_ms": filter_input.pop("every", 0), "heartbeats": filter_input.pop("heartbeats", False)}
        return await self.open_stream(
            active_sessions(await self.context(caller), filter=filter_input, after=after, **options)
        )

    async def run_until_idle(self) -> None:
        """Let the feed look until there is nothing to see any more."""
        for _ in range(100):
            self.log_reader._wake_requested.clear()
            await self.log_reader.poll()
            for group in self._groups.values():
                await group.drain()
            if not self.log_reader._wake_requested.is_set():
                return
        raise AssertionError("there is always more")

    async def close_streams(self) -> None:
        """All streams end."""
        self._groups.clear()
        await self._stack.aclose()

    async def active_ids(self, **filter_input: Any) -> set[str]:
        """What the query finds that a stream with the same filter should hold."""
        document = """query($filter: SessionFilter, $after: String) { sessions(filter: $filter, first: 500,
            after: $after) { nodes { id } pageInfo { hasNextPage endCursor } } }"""
        ids: set[str] = set()
        after: str | None = None
        while True:
            page = await self.api.execute(document, filter={**filter_input, "active": True}, after=after)
            ids |= {node["id"] for node in page["nodes"]}
            after = page["pageInfo"]["endCursor"]
            if not page["pageInfo"]["hasNextPage"]:
                return ids


@asynccontextmanager
async def open_harness(
    file: Path, clock: FakeClock | None = None, timers: FakeTimers | None = None
) -> AsyncIterator[FeedHarness]:
    """A server without sockets, and a feed that looks only when it is told to."""
    timers = timers or FakeTimers()
    async with open_api(file, clock) as api:
        services = api.app.state.services
        log_reader = LogReader(services.database, services.liveness, timers)
        harness = FeedHarness(api, log_reader, timers)
        try:
            yield harness
        finally:
            await harness.close_streams()
