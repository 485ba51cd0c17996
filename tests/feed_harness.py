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
from resolvers.feed import Feed
from resolvers.feed.consumer import Follower
from resolvers.feed.messages import Change, Item, Joined, Resync, Snapshot
from resolvers.subscriptions.active_sessions import active_sessions
from resolvers.subscriptions.source import Source
from tests.api_client import FakeClock, World, open_world


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


class Group:
    """Streams with one key, and what they were all told."""

    def __init__(self, follower: Follower) -> None:
        self.follower = follower
        self.items: list[Item] = []

    async def take(self) -> None:
        await self.follower.rest()
        while self.follower.waiting:
            self.items.append(await anext(self.follower))
            await self.follower.rest()


class Stream:
    """One subscriber."""

    def __init__(self, stage: "Stage", source: Source, group: Group) -> None:
        self.source = source
        self.told: list[Item] = []
        self._stage = stage
        self._group = group
        self._taken = len(group.items)
        self._joined: Joined | None = None

    async def begin(self, after: str | None = None) -> None:
        """Read its own beginning, whole."""
        async for each in self.source.open(after):
            if isinstance(each, Joined):
                self._joined = each
            else:
                assert isinstance(each, Item)
                self.told.append(each)

    async def read(self) -> list[Any]:
        """What it is told next, now that all is quiet."""
        await self._stage.quiet()
        before = len(self.told)
        self._take()
        return [item.payload for item in self.told[before:]]

    def _take(self) -> None:
        news, self._taken = self._group.items[self._taken :], len(self._group.items)
        if self._joined is not None:
            behind = [item for item in news if item.position > self._joined.joined]
            self.told += [item for item in behind if self._joined.passes is None or self._joined.passes(item)]

    @property
    def cursors(self) -> list[str]:
        """All cursors it was told."""
        return [item.cursor for item in self.told if item.cursor is not None]


def fold(told: list[Item], held: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The set as a client holds it after what it was told."""
    found = dict(held or {})
    for item in told:
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


class Stage:
    """A feed of its own on the database of a server."""

    def __init__(self, world: World, feed: Feed, timers: FakeTimers) -> None:
        self.world = world
        self.feed = feed
        self.timers = timers
        self.database = world.app.state.services.database
        self.services = replace(world.app.state.services, feed=feed)
        self._groups: dict[Hashable, Group] = {}
        self._stack = AsyncExitStack()

    async def context(self, caller: Caller = LOCAL_ADMIN) -> Context:
        return await open_context(self.services, caller)

    async def join(self, source: Source, after: str | None = None) -> Stream:
        """One more stream: it follows first, and reads its beginning then."""
        stream = await self.follow(source)
        await stream.begin(after)
        return stream

    async def follow(self, source: Source) -> Stream:
        """One more stream that has not yet read its beginning."""
        group = self._groups.get(source.key)
        if group is None:
            follower = await self._stack.enter_async_context(source.follow())
            assert isinstance(follower, Follower)
            group = self._groups[source.key] = Group(follower)
        await group.take()
        return Stream(self, source, group)

    async def watch(self, caller: Caller = LOCAL_ADMIN, *, after: str | None = None, **given: Any) -> Stream:
        """One more stream of the live set, whose filter is `given`."""
        manner = {"min_interval_ms": given.pop("every", 0), "heartbeats": given.pop("heartbeats", False)}
        return await self.join(active_sessions(await self.context(caller), filter=given, after=after, **manner))

    async def quiet(self) -> None:
        """Let the feed look until there is nothing to see any more."""
        for _ in range(100):
            self.feed._woken.clear()
            await self.feed.look()
            for group in self._groups.values():
                await group.take()
            if not self.feed._woken.is_set():
                return
        raise AssertionError("there is always more")

    async def leave(self) -> None:
        """All streams end."""
        self._groups.clear()
        await self._stack.aclose()

    async def active(self, **given: Any) -> set[str]:
        """What the query finds that a stream with the same filter should hold."""
        document = """query($filter: SessionFilter, $after: String) { sessions(filter: $filter, first: 500,
            after: $after) { nodes { id } pageInfo { hasNextPage endCursor } } }"""
        ids: set[str] = set()
        after: str | None = None
        while True:
            page = await self.world.ask(document, filter={**given, "active": True}, after=after)
            ids |= {node["id"] for node in page["nodes"]}
            after = page["pageInfo"]["endCursor"]
            if not page["pageInfo"]["hasNextPage"]:
                return ids


@asynccontextmanager
async def open_stage(
    file: Path, clock: FakeClock | None = None, timers: FakeTimers | None = None
) -> AsyncIterator[Stage]:
    """A server without sockets, and a feed that looks only when it is told to."""
    timers = timers or FakeTimers()
    async with open_world(file, clock) as world:
        services = world.app.state.services
        feed = Feed(services.database, services.presence, timers)
        stage = Stage(world, feed, timers)
        with services.database.telling(feed.note):
            try:
                yield stage
            finally:
                await stage.leave()
