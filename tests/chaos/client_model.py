"""What a client makes of the items it is told, as the contract has it, and what must be true of their order."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol, TypeAlias

from resolvers.pagination import cursors

Item: TypeAlias = dict[str, Any]
SNAPSHOT_INCOMPLETE = "the snapshot was not complete"
"""Why one who was cut off within a snapshot begins with another."""


def log_position(cursor: str) -> int:
    """The position of the log that a cursor names; -1 for that of an unfinished snapshot."""
    found = cursors.parse(cursor, [int, str, int]) or cursors.parse(cursor, [int])
    assert found is not None, cursor
    return int(found[1][0])


class ClientModel(Protocol):
    """What a client knows, over all its connections."""

    cursor: str | None
    """The last one that it saw."""

    def on_connect(self) -> None:
        """A connection begins, behind the cursor."""

    def on_item(self, item: Item) -> None:
        """Be told something; what must not come is an AssertionError."""


class EntryKey(NamedTuple):
    """What a change says of the entry of the log that it is about."""

    session_id: str
    type: str
    at: str


class ReceivedChange(NamedTuple):
    """A change that a client was told, or the end of a snapshot."""

    entry: EntryKey | None
    """Null where it is about none: a heartbeat, a snapshot."""
    cursor_position: int
    """Of its cursor."""


@dataclass
class Connection:
    """What came over one connection to a live set."""

    since: int | None
    """The place behind which it went on; null where it began with a snapshot."""
    received: list[ReceivedChange] = field(default_factory=list)


class SessionSet:
    """A live set: ADDED and UPDATED put, REMOVED drops, a snapshot replaces."""

    def __init__(self) -> None:
        self.sessions: dict[str, Item] = {}
        self.cursor: str | None = None
        self.connections: list[Connection] = []
        self.resumed = self.snapshots = 0
        """Connections that went on from a cursor, and snapshots."""
        self._in_snapshot = False
        self._snapshot_allowed = True

    def clear_history(self) -> None:
        """Keep nothing of how it came to hold this."""
        self.connections = [Connection(None if self.cursor is None else log_position(self.cursor))]

    def on_connect(self) -> None:
        since = None if self.cursor is None else log_position(self.cursor)
        self.resumed += since is not None
        self._in_snapshot, self._snapshot_allowed = False, since is None
        self.connections.append(Connection(since))

    def on_item(self, item: Item) -> None:
        match item["__typename"]:
            case "SessionSnapshot":
                self._apply_snapshot(item)
            case "SessionChange":
                self._apply_change(item)
            case "FeedResync":
                # All cursors here are young, of this database and this filter: only one reason is left.
                assert item["reason"] == SNAPSHOT_INCOMPLETE, item
                assert log_position(self.cursor or "") < 0, "the snapshot was complete"
                self._snapshot_allowed = True
            case "Noted":
                assert not self._in_snapshot
                self.connections[-1].received.append(ReceivedChange(None, log_position(item["cursor"])))
            case other:
                raise AssertionError(other)
        self.cursor = item["cursor"]

    def _apply_snapshot(self, item: Item) -> None:
        if not self._in_snapshot:
            assert self._snapshot_allowed, "a snapshot for one who went on from a cursor"
            self.snapshots += 1
            self.sessions = {}
        self.sessions |= {session["id"]: session for session in item["sessions"]}
        assert not item["truncated"]
        assert item["last"] == (log_position(item["cursor"]) >= 0)
        self._in_snapshot, self._snapshot_allowed = not item["last"], False
        if item["last"]:
            self.connections[-1].received.append(ReceivedChange(None, log_position(item["cursor"])))

    def _apply_change(self, item: Item) -> None:
        assert not self._in_snapshot, "a change amid a snapshot"
        if item["change"] == "REMOVED":
            self.sessions.pop(item["id"], None)
        else:
            self.sessions[item["id"]] = item["session"]
        entry = None if item["activity"] is None else EntryKey(item["id"], item["activity"], item["at"])
        self.connections[-1].received.append(ReceivedChange(entry, log_position(item["cursor"])))


class ActivityLog:
    """A log: every entry once and in order."""

    def __init__(self, cursor: str | None = None) -> None:
        self.cursor = cursor
        self.since = None if cursor is None else log_position(cursor)
        """Behind which position it is told everything."""
        self.positions: list[int] = []
        self.types_by_session: dict[str, set[str]] = {}
        """By session what happened to it."""

    def on_connect(self) -> None:
        pass

    def on_item(self, item: Item) -> None:
        position = log_position(item["cursor"])
        if item["__typename"] == "Noted":
            self.since = position if self.since is None else self.since
            assert position >= (self.positions[-1] if self.positions else self.since)
            self.cursor = item["cursor"]
            return
        # Nothing here is older than the log: there is no reason to begin afresh.
        assert item["__typename"] == "Activity", item
        if self.since is None:
            self.since = position - 1
        last = self.positions[-1] if self.positions else self.since
        assert position > last, f"{position} behind {last}"
        self.positions.append(position)
        self.types_by_session.setdefault(item["sessionId"], set()).add(item["type"])
        self.cursor = item["cursor"]


def ordering_faults(
    connections: list[Connection], positions: Mapping[EntryKey, int], *, slow: bool = False
) -> list[str]:
    """What is wrong with the order of changes: promise 9.

    Over one connection the entries that changes are about follow one another, all behind the cursor it went on from; so
    what comes again after a reconnect is what that cursor was from before. And cursors go forth: to lie behind what was
    told is allowed to those of one flush, which had begun when the connection came.

    Args:
        connections: of one client, from its first one on, until all was quiet.
        positions: of entries, as far as the log still knows them.
        slow: whether it read so slowly that it was sent on from its last cursor within a connection, too.
    """
    faults: list[str] = []
    last = 0
    for connection in connections:
        last = at = connection.since or 0
        steps_back = 0
        for received in connection.received:
            position = None if received.entry is None else positions.get(received.entry)
            if slow and position is not None and at < position <= last:
                last = at
            if position is not None and position <= last:
                faults.append(f"{received.entry} at {position} behind {last}")
            steps_back += received.cursor_position < at
            if steps_back > 1 and not slow:
                faults.append(f"a cursor of {received.cursor_position} behind {at}")
            last, at = max(last, position or 0), received.cursor_position
    if connections and connections[-1].received and connections[-1].received[-1].cursor_position < last:
        faults.append(f"told up to {last}, as {connections[-1].received[-1]}")
    return faults
