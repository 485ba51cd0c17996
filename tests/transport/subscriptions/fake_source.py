"""Fake subscription source: a log that the test writes."""

import asyncio
from collections.abc import AsyncIterator, Callable, Hashable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from transport.subscriptions.responses import FrameStream

PLACEHOLDER = "in-place-of-the-cursor"


@dataclass(frozen=True)
class Caller:
    name: str = "anybody"
    scope: str = "all"


@dataclass(frozen=True)
class FakeItem:
    sequence: int
    payload: Any
    cursor: str | None
    event: "FakeEvent | None" = None


@dataclass
class FakeEvent:
    placeholder: str | None = PLACEHOLDER
    results: dict[Hashable, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class FakeCaughtUp:
    through: int
    cursor: str | None = None


@dataclass
class FakeLog:
    length: int = 0
    snapshot_size: int = 0
    followers: dict[asyncio.Queue[int | Exception | None], str] = field(default_factory=dict)
    opened_after: list[str | None] = field(default_factory=list)
    closed_count: int = 0
    follow_count: int = 0
    unfollow_count: int = 0
    context_count: int = 0
    executed: list[int] = field(default_factory=list)
    open_error: Exception | None = None
    follow_error: Exception | None = None
    context_error: Exception | None = None
    failing_room: str | None = None
    """The only room whose contexts fail; None: all."""
    caller_error: Exception | None = None
    on_open: Callable[[], Any] | None = None
    distinct: bool = False
    has_caught_up_cursor: bool = False
    is_buffered: bool = True
    shares_events: bool = False
    """Whether items of all followers have events in common; their cursors begin with the room."""
    events: dict[int, FakeEvent] = field(default_factory=dict)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    slow_started: asyncio.Event = field(default_factory=asyncio.Event)
    slow_cancelled: asyncio.Event = field(default_factory=asyncio.Event)
    contexts_exited: int = 0
    streams: list[FrameStream] = field(default_factory=list)
    """Opened on servers of this log; its fixture closes them."""

    def append(self, times: int = 1) -> None:
        for _ in range(times):
            self.length += 1
            self.publish(self.length)

    def publish(self, value: int | Exception | None) -> None:
        for follower in self.followers:
            follower.put_nowait(value)


@dataclass
class FakeSource:
    log: FakeLog
    caller: Caller
    room: str | None
    start: str | None
    resume_arguments: frozenset[str] = frozenset({"after"})

    @property
    def item_arguments(self) -> frozenset[str]:
        return self.resume_arguments | ({"room"} if self.log.shares_events else set())

    @property
    def distinct(self) -> bool:
        return self.log.distinct

    @property
    def key(self) -> Hashable:
        return (self.caller.scope, self.room)

    @property
    def access(self) -> Hashable:
        return self.caller.scope

    async def open(self, after: str | None) -> AsyncIterator[FakeItem | FakeCaughtUp]:
        log = self.log
        after = after or self.start
        log.opened_after.append(after)
        if log.open_error is not None:
            raise log.open_error
        try:
            at = log.length
            first = int(after) if after else max(at - log.snapshot_size, 0)
            if log.on_open is not None:
                log.on_open()
            for number in range(first + 1, at + 1):
                yield item(number)
            yield FakeCaughtUp(at, str(at) if log.has_caught_up_cursor else None)
        finally:
            log.closed_count += 1

    @asynccontextmanager
    async def follow(self) -> AsyncIterator[AsyncIterator[FakeItem]]:
        if self.log.follow_error is not None:
            raise self.log.follow_error
        queue: asyncio.Queue[int | Exception | None] = asyncio.Queue()
        self.log.followers[queue] = ""
        self.log.follow_count += 1
        try:
            make_item = self._shared_item if self.log.shares_events else item
            yield BufferedItems(queue, make_item) if self.log.is_buffered else items(queue, make_item)
        finally:
            del self.log.followers[queue]
            self.log.unfollow_count += 1

    def _shared_item(self, number: int) -> FakeItem:
        event = self.log.events.setdefault(number, FakeEvent())
        return FakeItem(number, {"number": number, "cursor": PLACEHOLDER}, f'{self.room} "{number}"', event)

    @asynccontextmanager
    async def context(self, _item: FakeItem) -> AsyncIterator[Caller]:
        self.log.context_count += 1
        if self.log.context_error is not None and self.log.failing_room in (None, self.room):
            raise self.log.context_error
        yield self.caller

    def __aiter__(self) -> AsyncIterator[Any]:
        raise NotImplementedError


def item(number: int) -> FakeItem:
    return FakeItem(number, {"number": number}, str(number))


async def items(
    queue: "asyncio.Queue[int | Exception | None]", make_item: Callable[[int], FakeItem] = item
) -> AsyncIterator[FakeItem]:
    while (number := await queue.get()) is not None:
        if isinstance(number, Exception):
            raise number
        yield make_item(number)


class BufferedItems:
    def __init__(self, queue: "asyncio.Queue[int | Exception | None]", make_item: Callable[[int], FakeItem]) -> None:
        self._queue = queue
        self._make_item = make_item
        self._items = items(queue, make_item)

    def __aiter__(self) -> AsyncIterator[FakeItem]:
        return self

    async def __anext__(self) -> FakeItem:
        return await anext(self._items)

    @property
    def backlog(self) -> int:
        return self._queue.qsize()

    def take_ready(self, limit: int) -> list[FakeItem]:
        queued = self._queue._queue  # type: ignore[attr-defined]  # asyncio.Queue cannot peek
        found: list[FakeItem] = []
        while queued and isinstance(queued[0], int) and len(found) < limit:
            found.append(self._make_item(queued.popleft()))
        return found
