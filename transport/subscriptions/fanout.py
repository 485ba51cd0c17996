"""Streams that are told the same: the selection is executed once for all of them, and encoded once."""

import asyncio
from collections.abc import Hashable, Mapping, Sequence
from math import inf
from typing import Any, Final, Protocol

import orjson

from transport.documents.operation import Operation
from transport.execution import is_task_cancelled
from transport.subscriptions.catch_up import CatchUpCoalescer
from transport.subscriptions.event_executor import EventExecutor, SubscriptionQuery
from transport.subscriptions.responses import Frame
from transport.subscriptions.source import Buffered, Item, Source

BUNDLE_SIZE: Final = 32
"""Items that members are told of at a stretch, where so many are there."""
BUNDLE_BYTES: Final = 64 * 1024
"""Length of their results from which on a stretch is over: what a member is handed it may have to keep."""
YIELD_EVERY: Final = 200
"""Members that are told before anybody else has a turn, for a few milliseconds."""


def resume_variables(operation: Operation, source: Source) -> frozenset[str]:
    """The variables that only say where the stream begins: those of a group may differ in them."""
    return frozenset(
        name for name, given in operation.root_argument_variables.items() if given <= source.resume_arguments
    )


def group_keys(operation: Operation, variables: Mapping[str, Any], source: Source) -> tuple[Hashable, Hashable]:
    """Equal for streams that are told the same, and in it for those that begin in the same way.

    Together they have everything that a resolver may read.
    """
    resume = resume_variables(operation, source)
    start = {name: value for name, value in variables.items() if name in resume}
    rest = {name: value for name, value in variables.items() if name not in resume}
    return (operation.text, operation.name, _hashable(rest), source.key), _hashable(start)


def _hashable(variables: Mapping[str, Any]) -> Hashable:
    try:
        return orjson.dumps(variables, option=orjson.OPT_SORT_KEYS)
    except TypeError:
        return object()  # an uploaded file is like no other


class Bundle:
    """What the members of a group are told at a stretch: frames, at least one, and their positions."""

    __slots__ = ("cursor", "frames", "min_sequence", "sequences", "size")

    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self.sequences: list[int] = []
        self.min_sequence: float = inf
        """The lowest of the positions."""
        self.cursor: str | None = None
        """Where a member may resume that was told all."""
        self.size = 0

    def add(self, sequence: int, frame: Frame) -> None:
        """One more, behind the others."""
        self.sequences.append(sequence)
        self.min_sequence = min(self.min_sequence, sequence)
        self.frames.append(frame)
        self.cursor = frame.cursor or self.cursor
        self.size += len(frame.payload)


class Subscriber(Protocol):
    """A stream in a group."""

    def push(self, bundle: Bundle) -> None:
        """Take some frames."""

    def finish(self, frame: Frame | None) -> None:
        """Nothing comes any more but this frame."""


def take_none(_most: int) -> Sequence[Item]:
    """At hand where items come one by one."""
    return ()


class FanoutRegistry:
    """The groups of a server."""

    def __init__(self) -> None:
        self._groups: dict[Hashable, FanoutGroup] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._groups)

    def join(self, key: Hashable, query: SubscriptionQuery, subscriber: Subscriber) -> "FanoutGroup":
        """The group with the key, with one more member, which is told everything from when it is `following`."""
        group = self._groups.get(key)
        if group is None:
            group = self._groups[key] = FanoutGroup(query)
            task = asyncio.create_task(self._run(key, group))
            group.task = task
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        group.members[subscriber] = None
        return group

    def leave(self, key: Hashable, group: "FanoutGroup", subscriber: Subscriber) -> None:
        """Take a member out of its group. The last one closes it."""
        group.members.pop(subscriber, None)
        if not group.members and group.task is not None:
            self._forget(key, group)
            group.task.cancel()
            group.task = None  # which holds it

    async def _run(self, key: Hashable, group: "FanoutGroup") -> None:
        try:
            await group.run()
        finally:
            self._forget(key, group)

    def _forget(self, key: Hashable, group: "FanoutGroup") -> None:
        if self._groups.get(key) is group:
            del self._groups[key]


class Membership:
    """The place of one stream in its group. It does not hold the stream, which holds it."""

    __slots__ = ("_group", "_groups", "_key", "_query")

    def __init__(self, groups: FanoutRegistry, key: Hashable, query: SubscriptionQuery) -> None:
        self._groups = groups
        self._key = key
        self._query = query
        self._group: FanoutGroup | None = None

    def join(self, subscriber: Subscriber) -> "FanoutGroup":
        """The group, of which the stream is a member now, if it was not before."""
        if self._group is None:
            self._group = self._groups.join(self._key, self._query, subscriber)
        return self._group

    def leave(self, subscriber: Subscriber) -> None:
        """Be no member, if it is one."""
        if self._group is not None:
            self._groups.leave(self._key, self._group, subscriber)
            self._group = None


class FanoutGroup:
    """Follows one source for all its members."""

    def __init__(self, query: SubscriptionQuery) -> None:
        self.members: dict[Subscriber, None] = {}
        self.following = asyncio.Event()
        """From then on members are told everything; set, too, if it came to nothing."""
        self.task: asyncio.Task[None] | None = None
        self.catch_ups = CatchUpCoalescer()
        """Of members that are not told anything yet."""
        self._query = query

    async def run(self) -> None:
        """Follow the source until it ends or fails."""
        last: Frame | None
        try:
            last = await self._follow()
        except Exception as error:  # the source is the resolver's: it may raise anything
            last = self._query.error_frame(error)
        except asyncio.CancelledError as error:
            if is_task_cancelled():
                raise
            last = self._query.error_frame(error)
        for member in self.members:
            member.finish(last)
        self.following.set()

    async def _follow(self) -> Frame | None:
        source = self._query.source
        executor = self._query.event_executor(without=resume_variables(self._query.operation, source))
        async with source.follow() as items:
            self.following.set()
            take_ready = items.take_ready if isinstance(items, Buffered) else take_none
            async for item in items:
                last = await self._publish(executor, (item, *take_ready(BUNDLE_SIZE - 1)))
                if last is not None:
                    return last
        return None

    async def _publish(self, executor: EventExecutor, items: Sequence[Item]) -> Frame | None:
        """Tell all members of some items; a frame that has failed, after which there are no more."""
        bundle = Bundle()
        for item in items:
            sequence = item.sequence
            frame = await executor.execute(item)
            if frame.failed:
                await self._deliver(bundle)
                return frame
            bundle.add(sequence, frame)
            if bundle.size >= BUNDLE_BYTES:
                await self._deliver(bundle)
                bundle = Bundle()
        await self._deliver(bundle)
        return None

    async def _deliver(self, bundle: Bundle) -> None:
        # Who joins meanwhile begins later than what is told here; who leaves wants no more of it.
        subscribers = tuple(self.members) if bundle.frames else ()
        for start in range(0, len(subscribers), YIELD_EVERY):
            for member in subscribers[start : start + YIELD_EVERY]:
                if member in self.members:
                    member.push(bundle)
            # A source with much to tell may never wait by itself: members send before they are given more.
            await asyncio.sleep(0)
