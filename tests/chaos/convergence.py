"""When all is quiet: everybody knows what there is."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final

from tests.chaos.client_model import Entry, Held, Item, disorder
from tests.chaos.mutations import CALLS, MARKS
from tests.chaos.storm import Listener, Storm, Watcher
from tests.chaos.subscriber import Subscriber
from tests.durability.invariants import reading
from tests.model_based.render import text
from tests.polling import PATIENCE
from tests.server_process import wire

COMPARED: Final = ("path", "visible", "state")
"""Seconds after which something does not come any more."""
COMING: Final = """query($after: String) {
    sessions(filter: {states: [ACTIVE, SCHEDULED]}, orderBy: [{field: STARTED_AT}], first: 500, after: $after) {
        pageInfo { hasNextPage endCursor } nodes { id state expiresAt } } }"""
ENDS: Final = {"STOPPED", "EXPIRED", "COMPLETED", "CANCELLED", "TERMINATED", "REPLACED", "DELETED"}


class Quiet:
    """Compares what the subscribers of a storm know with what there is."""

    def __init__(self, storm: Storm) -> None:
        self._storm = storm
        self._site = storm.site
        self._marks: list[str] = []
        self._places: dict[Entry, int] = {}

    async def check(self) -> None:
        """Everybody is told everything, and it is what there is."""
        await self._until_nothing_happens_by_itself()
        for _ in range(2):  # what comes too late would break what was whole
            await self._mark()
            await self._check_sets()
            await self._check_logs()
        self._check_order()
        assert self._site.log == ""

    # ---- to be quiet ----

    async def _until_nothing_happens_by_itself(self) -> None:
        while ids := await self._coming():
            over = partial(self._are_over, ids)
            assert await _comes(self._storm.witness, over), "nobody was told of what has ended by itself"

    def _are_over(self, ids: set[str]) -> bool:
        return all(self._storm.seen.types.get(id_, set()) & ENDS for id_ in ids)

    async def _coming(self) -> set[str]:
        """What begins or ends by itself within a minute."""
        soon = (datetime.now(UTC) + timedelta(minutes=1)).isoformat()
        found = await self._site.pages(COMING)
        return {one["id"] for one in found if one["state"] == "SCHEDULED" or (one["expiresAt"] or "9") < soon}

    async def _mark(self) -> None:
        """Everybody is told something more: when that has come, so has what was before it."""
        async with wire(await self._site.port()) as found:
            for mark in self._marks:
                await found.ask(CALLS["stopSession"], input={"id": mark})
            self._marks = []
            for visible in (True, False):
                for variant in MARKS:
                    given = {"projectId": "other", "path": ["a", "b"], "visible": visible, "variant": variant}
                    payload = (await found.ask(CALLS["startSession"], input=given))["told"]
                    self._marks.append(payload["session"]["id"])

    # ---- to know what there is ----

    async def _check_sets(self) -> None:
        filters = {str(one.subscriber.wish.filter): one.subscriber.wish.filter for one in self._storm.watchers}
        there = {name: await self._site.listed({**filter_, "active": True}) for name, filter_ in filters.items()}
        for one in self._storm.watchers:
            expected = there[str(one.subscriber.wish.filter)]
            assert any(mark in expected for mark in self._marks), one.subscriber.wish
            if not await _comes(one.subscriber, partial(self._is_same, one.held, expected)):
                raise AssertionError(f"{one.subscriber.wish.variables}: {_difference(one.held, expected)}")

    def _is_same(self, held: Held, expected: dict[str, Item]) -> bool:
        return held.sessions.keys() == expected.keys() and all(
            self._is_as_told(mine, expected[id_]) for id_, mine in held.sessions.items()
        )

    def _is_as_told(self, mine: Item, there: Item) -> bool:
        # A keepalive that only moved the clock is told to nobody who did not ask for heartbeats.
        told, least = mine["revision"], self._storm.ledger.revisions.get(mine["id"], 1)
        return least <= told <= there["revision"] and all(mine[name] == there[name] for name in COMPARED)

    async def _check_logs(self) -> None:
        everything = set(self._positions("TRUE"))
        for one in self._storm.listeners:
            there = self._positions(one.asked.sql or "session.visible")
            if not await _comes(one.subscriber, partial(_has_read, one, there[-1])):
                raise AssertionError(f"{one.asked}: {one.read.told[-3:]} of {there[-3:]}")
            if one.asked.sql is not None:
                told = [position for position in one.read.told if position in everything]
                assert told == [position for position in there if position > (one.read.since or 0)], one.asked

    def _positions(self, condition: str) -> list[int]:
        """Of the entries of the log of which a condition is true."""
        log = "SELECT position FROM activity LEFT JOIN session ON session.id = activity.session_id WHERE "
        with reading(self._site.file) as db:
            return [position for (position,) in db.execute(log + condition + " ORDER BY position")]

    def _check_order(self) -> None:
        with reading(self._site.file) as db:
            rows = db.execute("SELECT session_id, type, at, position FROM activity ORDER BY position")
            self._places |= {Entry(id_, type_, text(at) or ""): position for id_, type_, at, position in rows}
        for one in self._storm.watchers:
            faults = disorder(one.held.connections, self._places, slow=one.is_slow)
            assert faults == [], f"{faults} of {_whole(one)}"
            one.held.forget()


async def _comes(subscriber: Subscriber, what: Callable[[], bool]) -> bool:
    try:
        async with asyncio.timeout(PATIENCE):
            await subscriber.until(what)
    except TimeoutError:
        return False
    return True


def _has_read(listener: Listener, position: int) -> bool:
    return bool(listener.read.told) and listener.read.told[-1] >= position


def _difference(held: Held, expected: dict[str, Item]) -> dict[str, list[Any]]:
    pairs = {id_: [held.sessions.get(id_), expected.get(id_)] for id_ in held.sessions.keys() | expected.keys()}
    shown = {id_: [one and {name: one[name] for name in COMPARED} for one in pair] for id_, pair in pairs.items()}
    return {id_: pair for id_, pair in shown.items() if pair[0] != pair[1]}


def _whole(watcher: Watcher) -> str:
    """What it was told over all connections."""
    told = [(one.since, [(each.entry, each.place) for each in one.told]) for one in watcher.held.connections]
    return f"{watcher.subscriber.wish.variables}: {told}"
