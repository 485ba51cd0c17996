"""Streams that are told the same: the selection is executed once for all of them, and encoded once."""

import asyncio
from collections.abc import Hashable, Mapping, Sequence
from math import inf
from typing import Any, Final, Protocol

import orjson

from transport.documents.operation import Operation
from transport.execution import is_cancelled
from transport.subscriptions.catch_up import Beginnings
from transport.subscriptions.event_executor import Runner, Selection
from transport.subscriptions.responses import Frame
from transport.subscriptions.source import Item, Source, Stocked

STRETCH: Final = 32
"""Items that members are told of at a stretch, where so many are there."""
STRETCH_BYTES: Final = 64 * 1024
"""Length of their results from which on a stretch is over: what a member is handed it may have to keep."""
MEMBERS_AT_ONCE: Final = 200
"""Members that are told before anybody else has a turn, for a few milliseconds."""


def starting_variables(operation: Operation, source: Source) -> frozenset[str]:
    """The variables that only say where the stream begins: those of a group may differ in them."""
    return frozenset(name for name, given in operation.only_of_root.items() if given <= source.starting_arguments)


def keys(operation: Operation, variables: Mapping[str, Any], source: Source) -> tuple[Hashable, Hashable]:
    """Equal for streams that are told the same, and in it for those that begin in the same way.

    Together they have everything that a resolver may read.
    """
    starting = starting_variables(operation, source)
    start = {name: value for name, value in variables.items() if name in starting}
    rest = {name: value for name, value in variables.items() if name not in starting}
    return (operation.text, operation.name, _key(rest), source.key), _key(start)


def _key(variables: Mapping[str, Any]) -> Hashable:
    try:
        return orjson.dumps(variables, option=orjson.OPT_SORT_KEYS)
    except TypeError:
        return object()  # an uploaded file is like no other


class Told:
    """What the members of a group are told at a stretch: frames, at least one, and their positions."""

    __slots__ = ("cursor", "frames", "lowest", "positions", "size")

    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self.positions: list[int] = []
        self.lowest: float = inf
        """The lowest of the positions."""
        self.cursor: str | None = None
        """Where a member may resume that was told all."""
        self.size = 0

    def add(self, position: int, frame: Frame) -> None:
        """One more, behind the others."""
        self.positions.append(position)
        self.lowest = min(self.lowest, position)
        self.frames.append(frame)
        self.cursor = frame.cursor or self.cursor
        self.size += len(frame.payload)


class Member(Protocol):
    """A stream in a group."""

    def push(self, told: Told) -> None:
        """Take some frames."""

    def finish(self, frame: Frame | None) -> None:
        """Nothing comes any more but this frame."""


def nothing(_most: int) -> Sequence[Item]:
    """At hand where items come one by one."""
    return ()


class Groups:
    """The groups of a server."""

    def __init__(self) -> None:
        self._groups: dict[Hashable, Group] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._groups)

    def join(self, key: Hashable, selection: Selection, member: Member) -> "Group":
        """The group with the key, with one more member, which is told everything from when it is `following`."""
        group = self._groups.get(key)
        if group is None:
            group = self._groups[key] = Group(selection)
            task = asyncio.create_task(self._run(key, group))
            group.task = task
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        group.members[member] = None
        return group

    def leave(self, key: Hashable, group: "Group", member: Member) -> None:
        """Take a member out of its group. The last one closes it."""
        group.members.pop(member, None)
        if not group.members and group.task is not None:
            self._forget(key, group)
            group.task.cancel()
            group.task = None  # which holds it

    async def _run(self, key: Hashable, group: "Group") -> None:
        try:
            await group.run()
        finally:
            self._forget(key, group)

    def _forget(self, key: Hashable, group: "Group") -> None:
        if self._groups.get(key) is group:
            del self._groups[key]


class Membership:
    """The place of one stream in its group. It does not hold the stream, which holds it."""

    __slots__ = ("_group", "_groups", "_key", "_selection")

    def __init__(self, groups: Groups, key: Hashable, selection: Selection) -> None:
        self._groups = groups
        self._key = key
        self._selection = selection
        self._group: Group | None = None

    def join(self, member: Member) -> "Group":
        """The group, of which the stream is a member now, if it was not before."""
        if self._group is None:
            self._group = self._groups.join(self._key, self._selection, member)
        return self._group

    def leave(self, member: Member) -> None:
        """Be no member, if it is one."""
        if self._group is not None:
            self._groups.leave(self._key, self._group, member)
            self._group = None


class Group:
    """Follows one source for all its members."""

    def __init__(self, selection: Selection) -> None:
        self.members: dict[Member, None] = {}
        self.following = asyncio.Event()
        """From then on members are told everything; set, too, if it came to nothing."""
        self.task: asyncio.Task[None] | None = None
        self.beginnings = Beginnings()
        """Of members that are not told anything yet."""
        self._selection = selection

    async def run(self) -> None:
        """Follow the source until it ends or fails."""
        last: Frame | None
        try:
            last = await self._follow()
        except Exception as error:  # the source is the resolver's: it may raise anything
            last = self._selection.failed(error)
        except asyncio.CancelledError as error:
            if is_cancelled():
                raise
            last = self._selection.failed(error)
        for member in self.members:
            member.finish(last)
        self.following.set()

    async def _follow(self) -> Frame | None:
        source = self._selection.source
        runner = self._selection.runner(without=starting_variables(self._selection.operation, source))
        async with source.follow() as items:
            self.following.set()
            at_hand = items.at_hand if isinstance(items, Stocked) else nothing
            async for item in items:
                last = await self._tell(runner, (item, *at_hand(STRETCH - 1)))
                if last is not None:
                    return last
        return None

    async def _tell(self, runner: Runner, items: Sequence[Item]) -> Frame | None:
        """Tell all members of some items; a frame that has failed, after which there are no more."""
        told = Told()
        for item in items:
            position = item.position
            frame = await runner.frame(item)
            if frame.failed:
                await self._push(told)
                return frame
            told.add(position, frame)
            if told.size >= STRETCH_BYTES:
                await self._push(told)
                told = Told()
        await self._push(told)
        return None

    async def _push(self, told: Told) -> None:
        # Who joins meanwhile begins later than what is told here; who leaves wants no more of it.
        members = tuple(self.members) if told.frames else ()
        for start in range(0, len(members), MEMBERS_AT_ONCE):
            for member in members[start : start + MEMBERS_AT_ONCE]:
                if member in self.members:
                    member.push(told)
            # A source with much to tell may never wait by itself: members send before they are given more.
            await asyncio.sleep(0)
