"""Clients whose connections break, on a clock that a test moves."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from random import Random
from typing import Any

from tests.api_client import FakeClock, World, open_world
from tests.chaos.client_model import Held, Item, Read
from tests.chaos.requests import LISTED, LOG, SET, Wish
from tests.chaos.transports import Dial
from tests.in_process_server import listening
from tests.polling import PATIENCE

"""Seconds after which something does not come any more."""


class Station:
    """A server on a real socket, which may be another one next time."""

    world: World
    port: int

    def __init__(self, file: Path) -> None:
        self.file = file
        self._clock = FakeClock()
        self._stack = AsyncExitStack()

    async def open(self) -> None:
        """Serve."""
        self.world = await self._stack.enter_async_context(open_world(self.file, self._clock))
        self.port = await self._stack.enter_async_context(listening(self.world.app))

    async def close(self) -> None:
        """Serve no more."""
        await self._stack.aclose()

    async def mark(self) -> str:
        """Something that everybody is told, behind everything else: the id of a new session."""
        session = await self.world.user("ann", path=["a"], timeoutSeconds=30)
        return str(session["id"])


@asynccontextmanager
async def station(file: Path) -> AsyncIterator[Station]:
    """A station, open."""
    opened = Station(file)
    try:
        await opened.open()
        yield opened
    finally:
        await opened.close()


class Traveller:
    """A dashboard, and a timeline beside it."""

    def __init__(self, dial: Dial, variables: dict[str, Any], cursor: str) -> None:
        self.held, self.read = Held(), Read(cursor)
        self._dial = dial
        self._wish = Wish(SET, variables)

    async def look(self, station: Station, mark: str, *, patient: bool = True) -> None:
        """Connect, be told what there is, the mark with it, and lose the connection; or lose it with the first item."""
        found = await station.world.ask(LISTED, filter={**self._wish.filter, "active": True})
        there = _shown(found["nodes"])
        assert mark in there
        self.held.connected()
        try:
            async with asyncio.timeout(PATIENCE), self._dial(station.port, self._wish, self.held.cursor) as line:
                async for item in line:
                    self.held.note(item)
                    if not patient or _shown(self.held.sessions.values()) == there:
                        break
                line.cut()
        except TimeoutError:
            raise AssertionError(f"{self._wish}: {_shown(self.held.sessions.values())}, not {there}") from None

    async def read_on(self, station: Station, mark: str) -> None:
        """Read the log up to the mark."""
        async with self._dial(station.port, Wish(LOG), self.read.cursor) as line:
            async for item in line:
                self.read.note(item)
                if item["sessionId"] == mark:
                    break
            line.cut()

    async def first(self, station: Station, wish: Wish, cursor: str | None, count: int) -> list[Item]:
        """The first items for one who comes with a cursor."""
        found: list[Item] = []
        async with self._dial(station.port, wish, cursor) as line:
            async for item in line:
                found.append(item)
                if len(found) == count:
                    break
            line.cut()
        return found

    async def come_late(self, station: Station, count: int) -> list[Item]:
        """The first items for the dashboard."""
        return await self.first(station, self._wish, self.held.cursor, count)


def _shown(sessions: Iterable[Item]) -> dict[str, Item]:
    return {one["id"]: {name: one[name] for name in ("path", "visible", "state")} for one in sessions}


class Life:
    """What goes on in the meantime."""

    def __init__(self, seed: int) -> None:
        self._chance = Random(seed)  # noqa: S311 - repeatable, not secret
        self._ids: list[str] = []

    async def go_on(self, world: World, seconds: int) -> None:
        """So much time passes, and things happen in it."""
        happens = sorted(self._chance.randrange(seconds * 1000) for _ in range(self._chance.randrange(6)))
        now = 0
        for then in [*happens, seconds * 1000]:
            await world.advance((then - now) / 1000)
            now = then
            await self._happen(world)

    async def _happen(self, world: World) -> None:
        step = self._chance.randrange(7)
        given: dict[str, Any] = {"id": self._chance.choice(self._ids or ["s_" + "x" * 22])}
        match step:
            case 0 | 1:
                started = await world.user(
                    self._chance.choice(["ann", "bob"]), path=self._path(), timeoutSeconds=self._chance.choice([10, 60])
                )
                self._ids = [*self._ids[-20:], started["id"]]
            case 2:
                await world.mutate("keepaliveSession", {**given, "path": self._path()})
            case 3:
                await world.mutate("hideSession", given)
            case 4:
                await world.mutate("stopSession", given)
            case 5:
                await world.sweep()
            case _:
                await world.ask("mutation($id: ID!) { deleteSession(id: $id) { id } }", **given)

    def _path(self) -> list[str]:
        return self._chance.choice([["a"], ["a", "b"], ["b"]])
