"""Writers hammer, subscribers come and go, servers die."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from random import Random
from typing import Final

from tests.chaos.client_model import Held, Read
from tests.chaos.log_requests import LOGS, SLOW, LogWish, sets
from tests.chaos.requests import LOG, Wish
from tests.chaos.server_under_test import SMALL, Site
from tests.chaos.subscriber import Subscriber
from tests.chaos.transports import DIALS, websocket
from tests.chaos.writer import Ledger, Writer
from tests.server_process import wire

PROJECT: Final = 'mutation { createProject(input: {id: "other"}) { problems { code } } }'


class Watcher:
    """A subscriber to a live set."""

    def __init__(self, number: int, wish: Wish, leaves: float) -> None:
        self.held = Held()
        self.is_slow = wish is SLOW
        whims = {"leaves": 0.0, "forgets": 0.0} if self.is_slow else {"leaves": leaves, "forgets": 0.2}
        self.subscriber = Subscriber(DIALS[number % len(DIALS)], wish, self.held, seed=number, **whims)


class Listener:
    """A reader of a log: from the cursor of an activity on, or from whenever it is there."""

    def __init__(self, number: int, asked: LogWish, leaves: float, cursor: str | None) -> None:
        self.read = Read(cursor)
        self.asked = asked
        self.subscriber = Subscriber(DIALS[number % len(DIALS)], asked.wish, self.read, leaves=leaves, seed=number)


class Storm:
    """What a test drives."""

    def __init__(self, site: Site, seed: int) -> None:
        self.site = site
        self.ledger = Ledger(self._cut_somebody)
        self.watchers: list[Watcher] = []
        self.listeners: list[Listener] = []
        self.seen = Read()
        """What the witness knows, whom nobody cuts off."""
        self.witness = Subscriber(websocket, Wish(LOG), self.seen)
        self._chance = Random(seed)  # noqa: S311 - repeatable, not secret
        self._writers: list[Writer] = []

    # ---- who takes part ----

    def watch(self, count: int, slow: int) -> None:
        """So many subscribers to live sets, and so many that stop reading now and then."""
        for number, wish in enumerate([*sets(count), *[SLOW] * slow]):
            # Those who ask for the same come by different ways.
            self.watchers.append(Watcher(number + number // 18, wish, self._leaving()))

    def listen(self, count: int, cursor: str) -> None:
        """So many readers of logs, from a cursor on, or from whenever they come."""
        for number in range(count):
            start = cursor if number // len(LOGS) % 2 == 0 else None
            self.listeners.append(Listener(number, LOGS[number % len(LOGS)], self._leaving(), start))

    def write(self, count: int) -> None:
        """So many writers."""
        self._writers = [Writer(self.ledger, number) for number in range(count)]

    def _leaving(self) -> float:
        return self._chance.choice([0, 0, 0.01, 0.05])

    @property
    def subscribers(self) -> list[Subscriber]:
        """All but the witness."""
        return [one.subscriber for one in self.watchers] + [one.subscriber for one in self.listeners]

    @asynccontextmanager
    async def raging(self) -> AsyncIterator[None]:
        """All subscribers live meanwhile."""
        async with asyncio.TaskGroup() as tasks:
            living = [tasks.create_task(one.live(self.site)) for one in (self.witness, *self.subscribers)]
            yield
            for task in living:
                task.cancel()

    # ---- what happens ----

    async def hammer(self, times: int) -> None:
        """Each writer makes so many calls."""
        async with asyncio.TaskGroup() as tasks:
            for writer in self._writers:
                tasks.create_task(writer.write(self.site, times))

    async def doom(self, count: int) -> None:
        """Begin sessions that end by themselves after ten seconds."""
        async with wire(await self.site.port()) as found:
            for number in range(count):
                await Writer(self.ledger, -number).doom(found)

    async def rage(self, times: int, program: Sequence[str], *, gently: bool) -> None:
        """The writers hammer; half-way the server dies, and another takes its place, of which the slow do not read."""
        slow = [one.subscriber for one in self.watchers if one.is_slow]
        async with asyncio.TaskGroup() as tasks:
            hammering = tasks.create_task(self.hammer(times))
            await self.ledger.until(times * len(self._writers) // 2)
            await (self.site.stop() if gently else self.site.kill())
            for subscriber in slow:
                subscriber.pause()
            await self.site.start(program)
            await hammering
        for subscriber in slow:
            subscriber.go_on()

    def _cut_somebody(self) -> None:
        quick = [one.subscriber for one in self.watchers if not one.is_slow]
        if self._chance.random() < 0.25:
            self._chance.choice(quick + [one.subscriber for one in self.listeners]).cut()


@asynccontextmanager
async def storm(
    site: Site, program: Sequence[str] = SMALL, *, watchers: int, slow: int, listeners: int, writers: int, seed: int = 0
) -> AsyncIterator[Storm]:
    """A storm on an empty database, from its first session on."""
    try:
        await site.start(program)
        assert await site.ask(PROJECT) == {"problems": []}
        made = Storm(site, seed)
        await made.doom(1)
        first = await site.ask("{ activities(first: 1) { pageInfo { endCursor } } }")
        made.watch(watchers, slow)
        made.listen(listeners, first["pageInfo"]["endCursor"])
        made.write(writers)
        async with made.raging():
            yield made
    finally:
        await site.kill()
