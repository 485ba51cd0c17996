"""The client of these tests itself: what it takes for wrong."""

import pytest

from resolvers.feed.resume import Place, of_log, of_part, of_set
from tests.chaos.client_model import Connection, Entry, Held, Item, Read, Told, disorder
from tests.factories import NOW

ENTRIES = [Entry("s", "MOVED", f"{number}") for number in range(20)]
POSITIONS = {entry: position for position, entry in enumerate(ENTRIES)}


def cursor(position: int) -> str:
    return of_set("d_x", "f", Place(position, NOW))


def part(*ids: str, position: int = 5, last: bool = True) -> Item:
    where = Place(position, NOW)
    return {
        "__typename": "SessionSnapshot",
        "sessions": [{"id": id_} for id_ in ids],
        "last": last,
        "truncated": False,
        "cursor": of_set("d_x", "f", where) if last else of_part("d_x", "f", where),
    }


def change(what: str, id_: str, position: int) -> Item:
    found = {"change": what, "id": id_, "session": {"id": id_}, "activity": "MOVED", "at": "now"}
    return {"__typename": "SessionChange", **found, "cursor": cursor(position)}


def resync(reason: str = "the snapshot was not complete") -> Item:
    return {"__typename": "FeedResync", "reason": reason, "cursor": of_part("d_x", "f", Place(5, NOW))}


def held(*items: Item) -> Held:
    found = Held()
    found.connected()
    for item in items:
        found.note(item)
    return found


def test_a_set_is_folded_by_id() -> None:
    found = held(part("a", last=False), part("b"), change("ADDED", "c", 6), change("REMOVED", "a", 7))
    assert found.sessions.keys() == {"b", "c"}
    found.note(change("REMOVED", "nobody", 8))
    assert (set(found.sessions), found.cursor) == ({"b", "c"}, cursor(8))


def test_who_was_cut_off_within_a_snapshot_is_given_another() -> None:
    found = held(part("a", last=False))
    for items in ([resync()], [resync(), part("b", last=False)], [resync(), part("b", last=False), part("c")]):
        found.connected()
        for item in items:
            found.note(item)
    assert found.sessions.keys() == {"b", "c"}


@pytest.mark.parametrize("item", [part("a"), resync(), resync("the cursor is more than 7 days old")])
def test_who_has_a_cursor_is_not_begun_with_anew(item: Item) -> None:
    found = held(part("a"))
    found.connected()
    with pytest.raises(AssertionError):
        found.note(item)


@pytest.mark.parametrize(
    "items",
    [
        [part("a"), part("b")],
        [part("a", last=False), change("ADDED", "b", 6)],
        [{**part("a"), "last": False}],
        [resync("the cursor is more than 7 days old")],
    ],
)
def test_a_snapshot_that_is_none_is_found_out(items: list[Item]) -> None:
    with pytest.raises(AssertionError):
        held(*items)


def of(since: int | None, *told: tuple[int | None, int]) -> Connection:
    return Connection(since, [Told(None if number is None else ENTRIES[number], place) for number, place in told])


@pytest.mark.parametrize(
    "connections",
    [
        [],
        [of(None, (None, 3), (4, 4), (6, 6))],
        # Two flushes, a heartbeat between them; then a third, whose cut-off beginning comes again.
        [of(None, (None, 3), (4, 3), (6, 6), (None, 6), (8, 9), (10, 9), (11, 9)), of(9, (10, 10), (11, 11), (12, 13))],
        # A group that has been collecting since 5 when somebody joins it at 7.
        [of(None, (None, 7), (8, 5), (9, 10), (11, 10), (12, 13))],
        # An entry that the log does not know any more.
        [of(2, (3, 3)), Connection(3, [Told(Entry("gone", "MOVED", "1"), 5)])],
    ],
)
def test_what_is_in_order(connections: list[Connection]) -> None:
    assert disorder(connections, POSITIONS) == []


@pytest.mark.parametrize(
    "connections",
    [
        [of(None, (None, 3), (4, 4), (4, 4))],
        [of(None, (None, 3), (6, 6), (5, 6))],
        [of(None, (None, 3), (4, 3), (6, 6)), of(6, (6, 6))],
        [of(None, (None, 3), (4, 4)), of(4, (6, 6), (5, 6))],
        # Cursors that always are those from the beginning; that fall behind again and again; that stop.
        [of(None, (None, 3), (4, 3), (5, 5), (6, 3), (7, 7), (8, 3), (9, 9))],
        [of(None, (None, 3), (4, 3), (5, 3), (6, 3))],
    ],
)
def test_what_is_not_in_order_is_found_out(connections: list[Connection]) -> None:
    assert disorder(connections, POSITIONS) != []


def test_who_is_slow_may_be_sent_on_from_the_last_cursor_within_a_connection() -> None:
    again = [of(None, (None, 3), (4, 4), (5, 4), (6, 4), (5, 5), (6, 6))]
    assert (disorder(again, POSITIONS, slow=True), bool(disorder(again, POSITIONS))) == ([], True)
    assert disorder([of(None, (None, 3), (4, 4), (5, 5), (5, 5))], POSITIONS, slow=True) != []


def entry(position: int) -> Item:
    return {"__typename": "Activity", "cursor": of_log("d_x", position), "sessionId": "s", "type": "MOVED"}


@pytest.mark.parametrize("position", [6, 7])
def test_an_entry_that_comes_again_or_too_late_is_found_out(position: int) -> None:
    read = Read()
    for known in (4, 7):
        read.connected()
        read.note(entry(known))
    assert (read.since, read.told) == (3, [4, 7])
    with pytest.raises(AssertionError):
        read.note(entry(position))


def test_a_reader_of_the_log_is_never_begun_with_anew() -> None:
    with pytest.raises(AssertionError):
        Read(of_log("d_x", 3)).note(resync())


def noted(position: int) -> Item:
    return {"__typename": "Noted", "cursor": cursor(position)}


def test_a_place_that_is_only_noted_is_gone_on_from() -> None:
    found, read = held(part("a"), noted(9)), Read()
    assert (set(found.sessions), found.cursor) == ({"a"}, cursor(9))
    for item in (noted(7), entry(8), noted(9)):
        read.note(item)
    assert (read.since, read.told, read.cursor) == (7, [8], cursor(9))
    with pytest.raises(AssertionError):
        read.note(noted(7))
    with pytest.raises(AssertionError):
        held(part("a", last=False), noted(9))
