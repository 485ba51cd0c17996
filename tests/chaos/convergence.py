"""Convergence: after a storm, every client holds what the database contains."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final

from tests.chaos.client_model import EntryKey, Item, SessionSet, ordering_faults
from tests.chaos.mutations import MARKER_VARIANTS, MUTATIONS
from tests.chaos.storm import LogSubscriber, Storm
from tests.chaos.subscriber import Subscriber
from tests.durability.invariants import open_read_only
from tests.live_server import connect
from tests.model_based.render import to_rfc3339
from tests.polling import TIMEOUT_SECONDS

COMPARED_FIELDS: Final = ("path", "visible", "state")
PENDING_TRANSITIONS: Final = """query($after: String) {
    sessions(filter: {states: [ACTIVE, SCHEDULED]}, orderBy: [{field: STARTED_AT}], first: 500, after: $after) {
        pageInfo { hasNextPage endCursor } nodes { id state expiresAt } } }"""
END_TYPES: Final = {"STOPPED", "EXPIRED", "COMPLETED", "CANCELLED", "TERMINATED", "REPLACED", "DELETED"}


class ConvergenceCheck:
    def __init__(self, storm: Storm) -> None:
        self._storm = storm
        self._server = storm.server
        self._marker_ids: list[str] = []
        self._entry_positions: dict[EntryKey, int] = {}

    async def check(self) -> None:
        await self._wait_for_transitions()
        for _ in range(2):  # an item that arrives late would break a set that was complete
            await self._write_markers()
            await self._check_sets()
            await self._check_logs()
        self._check_order()
        assert self._server.log == ""

    async def _wait_for_transitions(self) -> None:
        """Wait until all sessions that start or end by time within a minute have ended."""
        while ids := await self._pending_ids():
            have_ended = partial(self._have_ended, ids)
            assert await _eventually(self._storm.witness, have_ended), "an end by time was not sent"

    def _have_ended(self, ids: set[str]) -> bool:
        return all(self._storm.witness_log.types_by_session.get(id_, set()) & END_TYPES for id_ in ids)

    async def _pending_ids(self) -> set[str]:
        soon = (datetime.now(UTC) + timedelta(minutes=1)).isoformat()
        sessions = await self._server.all_nodes(PENDING_TRANSITIONS)
        return {s["id"] for s in sessions if s["state"] == "SCHEDULED" or (s["expiresAt"] or "9") < soon}

    async def _write_markers(self) -> None:
        """Start sessions that each client gets: a client that has them has everything before them."""
        async with connect(await self._server.port()) as connection:
            for id_ in self._marker_ids:
                await connection.ask(MUTATIONS["stopSession"], input={"id": id_})
            self._marker_ids = []
            for visible in (True, False):
                for variant in MARKER_VARIANTS:
                    start_input = {"projectId": "other", "path": ["a", "b"], "visible": visible, "variant": variant}
                    payload = (await connection.ask(MUTATIONS["startSession"], input=start_input))["payload"]
                    self._marker_ids.append(payload["session"]["id"])

    # ---- sets ----

    async def _check_sets(self) -> None:
        expected_by_filter: dict[str, dict[str, Item]] = {}
        for one in self._storm.set_subscribers:
            request = one.request
            key = str(request.filter)
            if key not in expected_by_filter:
                expected_by_filter[key] = await self._server.sessions_by_id({**request.filter, "active": True})
            expected = expected_by_filter[key]
            assert any(id_ in expected for id_ in self._marker_ids), request
            if not await _eventually(one, partial(self._sets_match, one.model, expected)):
                raise AssertionError(f"{request.variables}: {_difference(one.model, expected)}")

    def _sets_match(self, held: SessionSet, expected: dict[str, Item]) -> bool:
        return held.sessions.keys() == expected.keys() and all(
            self._session_matches(session, expected[id_]) for id_, session in held.sessions.items()
        )

    def _session_matches(self, received: Item, stored: Item) -> bool:
        # Keepalives that change nothing else grow the revision, but are sent as heartbeats only.
        revision, minimum = received["revision"], self._storm.ledger.revisions.get(received["id"], 1)
        return minimum <= revision <= stored["revision"] and all(received[f] == stored[f] for f in COMPARED_FIELDS)

    # ---- logs ----

    async def _check_logs(self) -> None:
        all_positions = set(self._positions("TRUE"))
        for one in self._storm.log_subscribers:
            logged = self._positions(one.sql or "session.visible")
            assert await _eventually(one, partial(_has_read, one, logged[-1])), one.request
            if one.sql is not None:
                received = [position for position in one.model.positions if position in all_positions]
                assert received == [position for position in logged if position > (one.model.since or 0)], one.sql

    def _positions(self, condition: str) -> list[int]:
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
            assert faults == [], f"{faults} of {one.request.variables}: {one.model.connections}"
            one.model.clear_history()


async def _eventually(subscriber: Subscriber, condition: Callable[[], bool]) -> bool:
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            await subscriber.wait_until(condition)
    except TimeoutError:
        return False
    return True


def _has_read(one: LogSubscriber, position: int) -> bool:
    return bool(one.model.positions) and one.model.positions[-1] >= position


def _difference(held: SessionSet, expected: dict[str, Item]) -> dict[str, list[Any]]:
    """Return the sessions that differ, as held and as expected."""
    ids = held.sessions.keys() | expected.keys()
    pairs = {id_: [held.sessions.get(id_), expected.get(id_)] for id_ in ids}
    return {id_: pair for id_, pair in pairs.items() if _compared(pair[0]) != _compared(pair[1])}


def _compared(session: Item | None) -> Item | None:
    return None if session is None else {name: session[name] for name in COMPARED_FIELDS}
