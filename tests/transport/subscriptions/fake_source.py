"""A toy source: a log that the test writes, told to subscribers by name of their room."""

import asyncio
from collections.abc import AsyncIterator, Callable, Hashable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Caller:
    """Who asks: what resolvers read of the context."""

    name: str = "anybody"
    scope: str = "all"


@dataclass(frozen=True)
class Told:
    """An item: its number is its payload, too."""

    position: int
    payload: Any
    cursor: str | None


@dataclass(frozen=True)
class JoinedAt:
    """The end of a beginning."""

    joined: int
    passes: Callable[[Any], bool] | None = None
    cursor: str | None = None


@dataclass
class Log:
    """What happened, in order: numbers from 1 on. Streams begin with the last `snapshot` of them."""

    length: int = 0
    snapshot: int = 0
    followers: dict[asyncio.Queue[int | Exception | None], str] = field(default_factory=dict)
    opened: list[str | None] = field(default_factory=list)
    closed: int = 0
    followed: int = 0
    unfollowed: int = 0
    contexts: int = 0
    executed: list[int] = field(default_factory=list)
    """The number of each item, each time that it was executed."""
    open_error: Exception | None = None
    follow_error: Exception | None = None
    context_error: Exception | None = None
    caller_error: Exception | None = None
    in_opening: Callable[[], Any] | None = None
    distinct: bool = False
    passes: Callable[[Any], bool] | None = None
    joins_at_cursor: bool = False
    stretches: bool = True
    """Whether what has happened can be taken at a stretch."""
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    waiting: asyncio.Event = field(default_factory=asyncio.Event)
    cancelled: asyncio.Event = field(default_factory=asyncio.Event)
    contexts_left: int = 0

    def happen(self, times: int = 1) -> None:
        """Something happens."""
        for _ in range(times):
            self.length += 1
            self.tell(self.length)

    def tell(self, what: int | Exception | None) -> None:
        """Tell all followers: a number, that the source fails, or that it is over."""
        for follower in self.followers:
            follower.put_nowait(what)


@dataclass
class ToySource:
    """Tells the log to one caller."""

    log: Log
    caller: Caller
    room: str | None
    start: str | None
    starting_arguments: frozenset[str] = frozenset({"after"})

    @property
    def distinct(self) -> bool:
        """As the log says."""
        return self.log.distinct

    @property
    def key(self) -> Hashable:
        """Who asks, and for what."""
        return (self.caller.scope, self.room)

    async def open(self, after: str | None) -> AsyncIterator[Told | JoinedAt]:
        """What was missed, or the snapshot."""
        log = self.log
        after = after or self.start
        log.opened.append(after)
        if log.open_error is not None:
            raise log.open_error
        try:
            at = log.length
            first = int(after) if after else max(at - log.snapshot, 0)
            if log.in_opening is not None:
                log.in_opening()
            for number in range(first + 1, at + 1):
                yield item(number)
            yield JoinedAt(at, log.passes, str(at) if log.joins_at_cursor else None)
        finally:
            log.closed += 1

    @asynccontextmanager
    async def follow(self) -> AsyncIterator[AsyncIterator[Told]]:
        """What happens from now on."""
        if self.log.follow_error is not None:
            raise self.log.follow_error
        queue: asyncio.Queue[int | Exception | None] = asyncio.Queue()
        self.log.followers[queue] = ""
        self.log.followed += 1
        try:
            yield Stretches(queue) if self.log.stretches else items(queue)
        finally:
            del self.log.followers[queue]
            self.log.unfollowed += 1

    @asynccontextmanager
    async def context(self) -> AsyncIterator[Caller]:
        """The same caller again."""
        self.log.contexts += 1
        if self.log.context_error is not None:
            raise self.log.context_error
        yield self.caller

    def __aiter__(self) -> AsyncIterator[Any]:
        raise NotImplementedError


def item(number: int) -> Told:
    """One item of the log."""
    return Told(number, {"number": number}, str(number))


async def items(queue: "asyncio.Queue[int | Exception | None]") -> AsyncIterator[Told]:
    """The items of a queue."""
    while (number := await queue.get()) is not None:
        if isinstance(number, Exception):
            raise number
        yield item(number)


class Stretches:
    """The items of a queue, one by one or several at a time."""

    def __init__(self, queue: "asyncio.Queue[int | Exception | None]") -> None:
        self._queue = queue
        self._items = items(queue)

    def __aiter__(self) -> AsyncIterator[Told]:
        return self

    async def __anext__(self) -> Told:
        return await anext(self._items)

    def at_hand(self, most: int) -> list[Told]:
        """Numbers that are there; what else there is comes by itself."""
        waiting = self._queue._queue  # type: ignore[attr-defined]  # nothing else tells what comes next
        found: list[Told] = []
        while waiting and isinstance(waiting[0], int) and len(found) < most:
            found.append(item(waiting.popleft()))
        return found
