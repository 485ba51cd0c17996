"""Who comes back after a short cut goes on where it was; who comes back too late is told so (promise 10).

Real sockets, and a clock that the test moves. `CUTS` says how many there are in the long form, 1,000 where not given.
"""

import asyncio
import os
from pathlib import Path
from random import Random
from typing import Any, Final

import pytest

from models.clock import DAY, MINUTE, SECOND
from tests.chaos.flaky_clients import Life, Station, Traveller, station
from tests.chaos.requests import LOG, Wish
from tests.chaos.transports import DIALS
from tests.durability.invariants import reading

WISHES: Final[tuple[dict[str, Any], ...]] = (
    {},
    {"filter": {"visible": True}},
    {"filter": {"kinds": ["USER"], "pathPrefix": ["a"]}, "heartbeats": True},
    {"filter": {"user": {"usernames": ["ann"]}, "client": {}}, "every": 20},
    {"filter": {"subjects": ["ann"], "projectIds": ["default"]}},
)


async def travellers(opened: Station) -> list[Traveller]:
    """One for each wish; they come by different ways, and have a first look."""
    mark = await opened.mark()
    cursor = (await opened.world.ask("{ activities(last: 1) { pageInfo { endCursor } } }"))["pageInfo"]["endCursor"]
    found = [Traveller(DIALS[number % len(DIALS)], wish, cursor) for number, wish in enumerate(WISHES)]
    for traveller in found:
        await traveller.look(opened, mark)
    return found


async def go_through(file: Path, cuts: int) -> None:
    """Cut everybody off for one to 120 seconds, so often that there are so many cuts; now and then the server, too."""
    chance, life = Random(cuts), Life(cuts)  # noqa: S311 - repeatable, not secret
    async with station(file) as opened:
        found = await travellers(opened)
        rounds = cuts // len(found)
        for round_ in range(rounds):
            await life.go_on(opened.world, chance.randint(1, 120))
            if round_ % 10 == 5:
                await opened.close()
                await opened.open()
            mark = await opened.mark()
            last = round_ == rounds - 1
            await asyncio.gather(
                *(one.look(opened, mark, patient=last or chance.random() < 0.7) for one in found),
                *(one.read_on(opened, mark) for one in found),
            )
        mark = await opened.mark()  # whoever looked had written down what time has done
        for traveller in found:
            await traveller.read_on(opened, mark)
    with reading(file) as db:
        there = [position for (position,) in db.execute("SELECT position FROM activity ORDER BY position")]
    for traveller in found:
        assert (traveller.held.resumed, traveller.held.began) == (rounds, 1)
        since = traveller.read.since or 0
        told = [position for position in traveller.read.told if position in set(there)]
        assert told == [position for position in there if position > since]


async def test_fifty_short_cuts_cost_nobody_a_snapshot(tmp_path: Path) -> None:
    async with asyncio.timeout(120):
        await go_through(tmp_path / "test.db", 50)


@pytest.mark.long
async def test_a_thousand_short_cuts_cost_nobody_a_snapshot(tmp_path: Path) -> None:
    await go_through(tmp_path / "test.db", int(os.environ.get("CUTS", "1000")))


async def test_the_window_is_seven_days_and_whoever_is_later_is_told_so(tmp_path: Path) -> None:
    async with asyncio.timeout(120), station(tmp_path / "test.db") as opened:
        found = await travellers(opened)
        for traveller in found:
            await traveller.read_on(opened, await opened.mark())
        await opened.world.advance((7 * DAY - 3 * MINUTE) / SECOND)
        for traveller in found:
            mark = await opened.mark()
            await traveller.look(opened, mark)
            await traveller.read_on(opened, mark)
        assert {(traveller.held.resumed, traveller.held.began) for traveller in found} == {(1, 1)}
        await opened.world.advance((7 * DAY + MINUTE) / SECOND)
        await opened.world.sweep()
        mark = await opened.mark()
        for traveller in found:
            resync, snapshot = await traveller.come_late(opened, 2)
            assert (resync["__typename"], resync["reason"]) == ("FeedResync", "the cursor is more than 7 days old")
            assert [session["id"] for session in snapshot["sessions"]] == [mark]
            (resync,) = await traveller.first(opened, Wish(LOG), traveller.read.cursor, 1)
            assert (resync["__typename"], resync["reason"]) == ("FeedResync", "the cursor is more than 7 days old")
