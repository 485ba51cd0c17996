"""Client model: faults that it must detect, and order that it must accept."""

import pytest

from resolvers.feed.resume import SNAPSHOT_INCOMPLETE, TOO_OLD, LogPosition, log_token, partial_token, set_token
from tests.chaos.client_model import (
    ActivityLog,
    Connection,
    EntryKey,
    Item,
    ReceivedChange,
    SessionSet,
    ordering_faults,
)
from tests.factories import NOW

ENTRIES = [EntryKey("s", "MOVED", f"{number}") for number in range(20)]
POSITIONS = {entry: position for position, entry in enumerate(ENTRIES)}
POINT = LogPosition(5, NOW)


def cursor(position: int) -> str:
    return set_token("d_x", "f", LogPosition(position, NOW))


def page(*ids: str, last: bool = True) -> Item:
    return {
        "__typename": "SessionSnapshot",
        "sessions": [{"id": id_} for id_ in ids],
        "last": last,
        "truncated": False,
        "cursor": set_token("d_x", "f", POINT) if last else partial_token("d_x", "f", POINT),
    }


def change(kind: str, id_: str, position: int) -> Item:
    found = {"change": kind, "id": id_, "session": {"id": id_}, "activity": "MOVED", "at": "now"}
    return {"__typename": "SessionChange", **found, "cursor": cursor(position)}


def resync(reason: str = SNAPSHOT_INCOMPLETE) -> Item:
    return {"__typename": "FeedResync", "reason": reason, "cursor": partial_token("d_x", "f", POINT)}


def id_only(position: int) -> Item:
    return {"__typename": "IdOnly", "cursor": cursor(position)}


def entry(position: int) -> Item:
    return {"__typename": "Activity", "cursor": log_token("d_x", position), "sessionId": "s", "type": "MOVED"}


def connected(*items: Item) -> SessionSet:
    found = SessionSet()
    found.on_connect()
    for item in items:
        found.on_item(item)
    return found


def test_set_is_folded_by_id() -> None:
    found = connected(page("a", last=False), page("b"), change("ADDED", "c", 6), change("REMOVED", "a", 7))
    assert found.sessions.keys() == {"b", "c"}
    found.on_item(change("REMOVED", "unknown", 8))
    assert (set(found.sessions), found.cursor) == ({"b", "c"}, cursor(8))


def test_interrupted_snapshot_is_replaced() -> None:
    found = connected(page("a", last=False))
    for items in ([resync()], [resync(), page("b", last=False)], [resync(), page("b", last=False), page("c")]):
        found.on_connect()
        for item in items:
            found.on_item(item)
    assert found.sessions.keys() == {"b", "c"}


@pytest.mark.parametrize("item", [page("a"), resync(), resync(TOO_OLD)])
def test_snapshot_after_a_complete_cursor_is_a_fault(item: Item) -> None:
    found = connected(page("a"))
    found.on_connect()
    with pytest.raises(AssertionError):
        found.on_item(item)


@pytest.mark.parametrize(
    "items",
    [
        [page("a"), page("b")],
        [page("a", last=False), change("ADDED", "b", 6)],
        [page("a", last=False), id_only(9)],
        [{**page("a"), "last": False}],
        [resync(TOO_OLD)],
    ],
)
def test_malformed_snapshot_is_a_fault(items: list[Item]) -> None:
    with pytest.raises(AssertionError):
        connected(*items)


def connection(since: int | None, *received: tuple[int | None, int]) -> Connection:
    return Connection(since, [ReceivedChange(None if n is None else ENTRIES[n], at) for n, at in received])


@pytest.mark.parametrize(
    "connections",
    [
        [],
        [connection(None, (None, 3), (4, 4), (6, 6))],
        # Two flushes with a heartbeat in between; then a third, which is interrupted and repeated.
        [
            connection(None, (None, 3), (4, 3), (6, 6), (None, 6), (8, 9), (10, 9), (11, 9)),
            connection(9, (10, 10), (11, 11), (12, 13)),
        ],
        # A group has been collecting changes since 5 when the client joins it at 7.
        [connection(None, (None, 7), (8, 5), (9, 10), (11, 10), (12, 13))],
        # An entry that is no longer in the log.
        [connection(2, (3, 3)), Connection(3, [ReceivedChange(EntryKey("gone", "MOVED", "1"), 5)])],
    ],
)
def test_ordered_changes_have_no_faults(connections: list[Connection]) -> None:
    assert ordering_faults(connections, POSITIONS) == []


@pytest.mark.parametrize(
    "connections",
    [
        [connection(None, (None, 3), (4, 4), (4, 4))],
        [connection(None, (None, 3), (6, 6), (5, 6))],
        [connection(None, (None, 3), (4, 3), (6, 6)), connection(6, (6, 6))],
        [connection(None, (None, 3), (4, 4)), connection(4, (6, 6), (5, 6))],
        # Cursors that step back again and again, and one that stays behind.
        [connection(None, (None, 3), (4, 3), (5, 5), (6, 3), (7, 7), (8, 3), (9, 9))],
        [connection(None, (None, 3), (4, 3), (5, 3), (6, 3))],
    ],
)
def test_disordered_changes_are_faults(connections: list[Connection]) -> None:
    assert ordering_faults(connections, POSITIONS) != []


def test_slow_reader_may_resume_within_a_connection() -> None:
    repeated = [connection(None, (None, 3), (4, 4), (5, 4), (6, 4), (5, 5), (6, 6))]
    assert (ordering_faults(repeated, POSITIONS, slow=True), bool(ordering_faults(repeated, POSITIONS))) == ([], True)
    assert ordering_faults([connection(None, (None, 3), (4, 4), (5, 5), (5, 5))], POSITIONS, slow=True) != []


@pytest.mark.parametrize("item", [entry(6), entry(7), id_only(6), resync()])
def test_repeated_or_late_entry_is_a_fault(item: Item) -> None:
    log = ActivityLog()
    for position in (4, 7):
        log.on_item(entry(position))
    assert (log.since, log.positions) == (3, [4, 7])
    with pytest.raises(AssertionError):
        log.on_item(item)


def test_event_without_data_moves_the_cursor() -> None:
    found, log = connected(page("a"), id_only(9)), ActivityLog()
    assert (set(found.sessions), found.cursor) == ({"a"}, cursor(9))
    for item in (id_only(7), entry(8), id_only(9)):
        log.on_item(item)
    assert (log.since, log.positions, log.cursor) == (7, [8], cursor(9))
