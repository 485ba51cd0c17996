"""The client of these tests itself: what it takes for wrong."""

import pytest

from resolvers.feed.resume import LogPosition, log_token, partial_token, set_token
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


def cursor(position: int) -> str:
    return set_token("d_x", "f", LogPosition(position, NOW))


def snapshot_page(*ids: str, position: int = 5, last: bool = True) -> Item:
    point = LogPosition(position, NOW)
    return {
        "__typename": "SessionSnapshot",
        "sessions": [{"id": id_} for id_ in ids],
        "last": last,
        "truncated": False,
        "cursor": set_token("d_x", "f", point) if last else partial_token("d_x", "f", point),
    }


def change(what: str, id_: str, position: int) -> Item:
    found = {"change": what, "id": id_, "session": {"id": id_}, "activity": "MOVED", "at": "now"}
    return {"__typename": "SessionChange", **found, "cursor": cursor(position)}


def resync(reason: str = "the snapshot was not complete") -> Item:
    return {"__typename": "FeedResync", "reason": reason, "cursor": partial_token("d_x", "f", LogPosition(5, NOW))}


def session_set(*items: Item) -> SessionSet:
    found = SessionSet()
    found.on_connect()
    for item in items:
        found.on_item(item)
    return found


def test_set_is_folded_by_id() -> None:
    found = session_set(
        snapshot_page("a", last=False), snapshot_page("b"), change("ADDED", "c", 6), change("REMOVED", "a", 7)
    )
    assert found.sessions.keys() == {"b", "c"}
    found.on_item(change("REMOVED", "nobody", 8))
    assert (set(found.sessions), found.cursor) == ({"b", "c"}, cursor(8))


def test_interrupted_snapshot_is_replaced() -> None:
    found = session_set(snapshot_page("a", last=False))
    for items in (
        [resync()],
        [resync(), snapshot_page("b", last=False)],
        [resync(), snapshot_page("b", last=False), snapshot_page("c")],
    ):
        found.on_connect()
        for item in items:
            found.on_item(item)
    assert found.sessions.keys() == {"b", "c"}


@pytest.mark.parametrize("item", [snapshot_page("a"), resync(), resync("the cursor is more than 7 days old")])
def test_snapshot_after_a_complete_cursor_is_a_fault(item: Item) -> None:
    found = session_set(snapshot_page("a"))
    found.on_connect()
    with pytest.raises(AssertionError):
        found.on_item(item)


@pytest.mark.parametrize(
    "items",
    [
        [snapshot_page("a"), snapshot_page("b")],
        [snapshot_page("a", last=False), change("ADDED", "b", 6)],
        [{**snapshot_page("a"), "last": False}],
        [resync("the cursor is more than 7 days old")],
    ],
)
def test_malformed_snapshot_is_a_fault(items: list[Item]) -> None:
    with pytest.raises(AssertionError):
        session_set(*items)


def connection(since: int | None, *received: tuple[int | None, int]) -> Connection:
    return Connection(
        since, [ReceivedChange(None if number is None else ENTRIES[number], place) for number, place in received]
    )


@pytest.mark.parametrize(
    "connections",
    [
        [],
        [connection(None, (None, 3), (4, 4), (6, 6))],
        # Two flushes, a heartbeat between them; then a third, whose cut-off beginning comes again.
        [
            connection(None, (None, 3), (4, 3), (6, 6), (None, 6), (8, 9), (10, 9), (11, 9)),
            connection(9, (10, 10), (11, 11), (12, 13)),
        ],
        # A group that has been collecting since 5 when somebody joins it at 7.
        [connection(None, (None, 7), (8, 5), (9, 10), (11, 10), (12, 13))],
        # An entry that the log does not know any more.
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
        # Cursors that always are those from the beginning; that fall behind again and again; that stop.
        [connection(None, (None, 3), (4, 3), (5, 5), (6, 3), (7, 7), (8, 3), (9, 9))],
        [connection(None, (None, 3), (4, 3), (5, 3), (6, 3))],
    ],
)
def test_disordered_changes_are_faults(connections: list[Connection]) -> None:
    assert ordering_faults(connections, POSITIONS) != []


def test_slow_reader_may_resume_within_a_connection() -> None:
    again = [connection(None, (None, 3), (4, 4), (5, 4), (6, 4), (5, 5), (6, 6))]
    assert (ordering_faults(again, POSITIONS, slow=True), bool(ordering_faults(again, POSITIONS))) == ([], True)
    assert ordering_faults([connection(None, (None, 3), (4, 4), (5, 5), (5, 5))], POSITIONS, slow=True) != []


def entry(position: int) -> Item:
    return {"__typename": "Activity", "cursor": log_token("d_x", position), "sessionId": "s", "type": "MOVED"}


@pytest.mark.parametrize("position", [6, 7])
def test_repeated_or_late_entry_is_a_fault(position: int) -> None:
    read = ActivityLog()
    for known in (4, 7):
        read.on_connect()
        read.on_item(entry(known))
    assert (read.since, read.positions) == (3, [4, 7])
    with pytest.raises(AssertionError):
        read.on_item(entry(position))


def test_resync_of_a_log_is_a_fault() -> None:
    with pytest.raises(AssertionError):
        ActivityLog(log_token("d_x", 3)).on_item(resync())


def id_only_event(position: int) -> Item:
    return {"__typename": "Noted", "cursor": cursor(position)}


def test_event_without_data_moves_the_cursor() -> None:
    found, read = session_set(snapshot_page("a"), id_only_event(9)), ActivityLog()
    assert (set(found.sessions), found.cursor) == ({"a"}, cursor(9))
    for item in (id_only_event(7), entry(8), id_only_event(9)):
        read.on_item(item)
    assert (read.since, read.positions, read.cursor) == (7, [8], cursor(9))
    with pytest.raises(AssertionError):
        read.on_item(id_only_event(7))
    with pytest.raises(AssertionError):
        session_set(snapshot_page("a", last=False), id_only_event(9))
