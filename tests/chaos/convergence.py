"""When all is quiet: everybody knows what there is."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final

from tests.chaos.client_model import EntryKey, Item, SessionSet, ordering_faults
from tests.chaos.mutations import MARKER_VARIANTS, MUTATIONS
from tests.chaos.storm import LogSubscriber, SetSubscriber, Storm
from tests.chaos.subscriber import Subscriber
from tests.durability.invariants import open_read_only
from tests.live_server import connect
from tests.model_based.render import to_rfc3339
from tests.polling import TIMEOUT_SECONDS

COMPARED_FIELDS: Final = ("path", "visible", "state")
"""Seconds after which something does not come any more."""
PENDING_TRANSITIONS: Final = """query($after: String) {
    sessions(filter: {states: [ACTIVE, SCHEDULED]}, orderBy: [{field: STARTED_AT}], first: 500, after: $after) {
        pageInfo { hasNextPage endCursor } nodes { id state expiresAt } } }"""
END_TYPES: Final = {"STOPPED", "EXPIRED", "COMPLETED", "CANCELLED", "TERMINATED", "REPLACED", "DELETED"}


class ConvergenceCheck:
    """Compares what the subscribers of a storm know with what there is."""

    def __init__(self, storm: Storm) -> None:
        self._storm = storm
        self._server = storm.site
        self._markers: list[str] = []
        self._entry_positions: dict[EntryKey, int] = {}

    async def check(self) -> None:
        """Everybody is told everything, and it is what there is."""
        await self._wait_for_transitions()
        for _ in range(2):  # what comes too late would break what was whole
            await self._write_markers()
            await self._check_sets()
            await self._check_logs()
        self._check_order()
        assert self._server.log == ""

    # ---- to be quiet ----

    async def _wait_for_transitions(self) -> None:
        while ids := await self._pending_ids():
            have_ended = partial(self._have_ended, ids)
            assert await _eventually(self._storm.witness, have_ended), "nobody was told of what has ended by itself"

    def _have_ended(self, ids: set[str]) -> bool:
        return all(self._storm.witness_log.types_by_session.get(id_, set()) & END_TYPES for id_ in ids)

    async def _pending_ids(self) -> set[str]:
        """What begins or ends by itself within a minute."""
        soon = (datetime.now(UTC) + timedelta(minutes=1)).isoformat()
        found = await self._server.all_nodes(PENDING_TRANSITIONS)
        return {
            session["id"]
            for session in found
            if session["state"] == "SCHEDULED" or (session["expiresAt"] or "9") < soon
        }

    async def _write_markers(self) -> None:
        """Everybody is told something more: when that has come, so has what was before it."""
        async with connect(await self._server.port()) as found:
            for marker in self._markers:
                await found.ask(MUTATIONS["stopSession"], input={"id": marker})
            self._markers = []
            for visible in (True, False):
                for variant in MARKER_VARIANTS:
                    start_input = {"projectId": "other", "path": ["a", "b"], "visible": visible, "variant": variant}
                    payload = (await found.ask(MUTATIONS["startSession"], input=start_input))["told"]
                    self._markers.append(payload["session"]["id"])

    # ---- to know what there is ----

    async def _check_sets(self) -> None:
        filters = {str(one.subscriber.wish.filter): one.subscriber.wish.filter for one in self._storm.set_subscribers}
        expected_by_filter = {
            name: await self._server.sessions_by_id({**filter_, "active": True}) for name, filter_ in filters.items()
        }
        for set_subscriber in self._storm.set_subscribers:
            expected = expected_by_filter[str(set_subscriber.subscriber.wish.filter)]
            assert any(marker in expected for marker in self._markers), set_subscriber.subscriber.wish
            if not await _eventually(
                set_subscriber.subscriber, partial(self._sets_match, set_subscriber.model, expected)
            ):
                raise AssertionError(
                    f"{set_subscriber.subscriber.wish.variables}: {_difference(set_subscriber.model, expected)}"
                )

    def _sets_match(self, held: SessionSet, expected: dict[str, Item]) -> bool:
        return held.sessions.keys() == expected.keys() and all(
            self._session_matches(session, expected[id_]) for id_, session in held.sessions.items()
        )

    def _session_matches(self, received: Item, stored: Item) -> bool:
        # A keepalive that only moved the clock is told to nobody who did not ask for heartbeats.
        revision, least = received["revision"], self._storm.ledger.revisions.get(received["id"], 1)
        return least <= revision <= stored["revision"] and all(
            received[name] == stored[name] for name in COMPARED_FIELDS
        )

    async def _check_logs(self) -> None:
        everything = set(self._positions("TRUE"))
        for log_subscriber in self._storm.log_subscribers:
            logged = self._positions(log_subscriber.asked.sql or "session.visible")
            if not await _eventually(log_subscriber.subscriber, partial(_has_read, log_subscriber, logged[-1])):
                raise AssertionError(f"{log_subscriber.asked}: {log_subscriber.model.positions[-3:]} of {logged[-3:]}")
            if log_subscriber.asked.sql is not None:
                received = [position for position in log_subscriber.model.positions if position in everything]
                assert received == [position for position in logged if position > (log_subscriber.model.since or 0)], (
                    log_subscriber.asked
                )

    def _positions(self, condition: str) -> list[int]:
        """Of the entries of the log of which a condition is true."""
        log = "SELECT position FROM activity LEFT JOIN session ON session.id = activity.session_id WHERE "
        with open_read_only(self._server.file) as db:
            return [position for (position,) in db.execute(log + condition + " ORDER BY position")]

    def _check_order(self) -> None:
        with open_read_only(self._server.file) as db:
            rows = db.execute("SELECT session_id, type, at, position FROM activity ORDER BY position")
            self._entry_positions |= {
                EntryKey(id_, type_, to_rfc3339(at) or ""): position for id_, type_, at, position in rows
            }
        for one in self._storm.set_subscribers:
            faults = ordering_faults(one.model.connections, self._entry_positions, slow=one.is_slow)
            assert faults == [], f"{faults} of {_history(one)}"
            one.model.clear_history()


async def _eventually(subscriber: Subscriber, condition: Callable[[], bool]) -> bool:
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            await subscriber.wait_until(condition)
    except TimeoutError:
        return False
    return True


def _has_read(listener: LogSubscriber, position: int) -> bool:
    return bool(listener.model.positions) and listener.model.positions[-1] >= position


def _difference(held: SessionSet, expected: dict[str, Item]) -> dict[str, list[Any]]:
    pairs = {id_: [held.sessions.get(id_), expected.get(id_)] for id_ in held.sessions.keys() | expected.keys()}
    shown = {
        id_: [one and {name: one[name] for name in COMPARED_FIELDS} for one in pair] for id_, pair in pairs.items()
    }
    return {id_: pair for id_, pair in shown.items() if pair[0] != pair[1]}


def _history(watcher: SetSubscriber) -> str:
    """What it was told over all connections."""
    history = [
        (one.since, [(each.entry, each.cursor_position) for each in one.received]) for one in watcher.model.connections
    ]
    return f"{watcher.subscriber.wish.variables}: {history}"
