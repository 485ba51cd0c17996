"""Streams that are told the same: the selection is executed once for all of them, and encoded once."""

import asyncio
from collections.abc import Hashable, Mapping
from typing import Any, Protocol

import orjson

from transport.execution import is_cancelled
from transport.operations import Operation
from transport.sources import Source
from transport.streams.answers import Frame
from transport.streams.items import Selection


def starting_variables(operation: Operation, source: Source) -> frozenset[str]:
    """The variables that only say where the stream begins: those of a group may differ in them."""
    return frozenset(name for name, given in operation.only_of_root.items() if given <= source.starting_arguments)


def group_key(operation: Operation, variables: Mapping[str, Any], source: Source) -> Hashable:
    """Equal for streams that are told the same; it has everything that a resolver may read."""
    beginning = starting_variables(operation, source)
    rest = {name: value for name, value in variables.items() if name not in beginning}
    try:
        text = orjson.dumps(rest, option=orjson.OPT_SORT_KEYS).decode()
    except TypeError:
        return object()  # an uploaded file is like no other
    return operation.text, operation.name, text, source.key


class Member(Protocol):
    """A stream in a group."""

    def push(self, position: int, frame: Frame) -> None:
        """Take a frame."""

    def finish(self, frame: Frame | None) -> None:
        """Nothing comes any more but this frame."""


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

    async def _run(self, key: Hashable, group: "Group") -> None:
        try:
            await group.run()
        finally:
            self._forget(key, group)

    def _forget(self, key: Hashable, group: "Group") -> None:
        if self._groups.get(key) is group:
            del self._groups[key]


class Group:
    """Follows one source for all its members."""

    def __init__(self, selection: Selection) -> None:
        self.members: dict[Member, None] = {}
        self.following = asyncio.Event()
        """From then on members are told everything; set, too, if it came to nothing."""
        self.task: asyncio.Task[None] | None = None
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
            async for item in items:
                position = item.position
                frame = await runner.frame(item)
                if frame.failed:
                    return frame
                for member in self.members:
                    member.push(position, frame)
                # A source with much to tell may never wait by itself: members send before they are given more.
                await asyncio.sleep(0)
        return None
