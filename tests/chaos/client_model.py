"""Client model: folds items as the contract says, and checks their order."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol, TypeAlias

from resolvers.feed.resume import SNAPSHOT_INCOMPLETE
from resolvers.pagination import cursors

Item: TypeAlias = dict[str, Any]


def log_position(cursor: str) -> int:
    """Return the log position of a cursor; -1 for a page of a snapshot that is not the last."""
    found = cursors.parse(cursor, [int, str, int]) or cursors.parse(cursor, [int])
    assert found is not None, cursor
    return int(found[1][0])


class ClientModel(Protocol):
    """Knowledge of a client over all its connections."""

    cursor: str | None

    def on_connect(self) -> None: ...

    def on_item(self, item: Item) -> None:
        """Apply an item. Fails if it must not arrive now."""


class EntryKey(NamedTuple):
    """Identifies a log entry by what a change contains of it."""

    session_id: str
    type: str
    at: str


class ReceivedChange(NamedTuple):
    entry: EntryKey | None
    """Null for a heartbeat and for the end of a snapshot."""
    cursor_position: int


@dataclass
class Connection:
    """Changes received over one connection."""

    since: int | None
    """Position that it resumed from; null: it started with a snapshot."""
    received: list[ReceivedChange] = field(default_factory=list)


class SessionSet:
    """Set of active sessions: ADDED and UPDATED put, REMOVED drops, a snapshot replaces."""

    def __init__(self) -> None:
        self.sessions: dict[str, Item] = {}
        self.cursor: str | None = None
        self.connections: list[Connection] = []
        self._in_snapshot = False
        self._snapshot_allowed = True

    def clear_history(self) -> None:
        self.connections = [Connection(None if self.cursor is None else log_position(self.cursor))]

    def on_connect(self) -> None:
        since = None if self.cursor is None else log_position(self.cursor)
        self._in_snapshot, self._snapshot_allowed = False, since is None
        self.connections.append(Connection(since))

    def on_item(self, item: Item) -> None:
        match item["__typename"]:
            case "SessionSnapshot":
                self._apply_snapshot(item)
            case "SessionChange":
                self._apply_change(item)
            case "FeedResync":
                # All cursors are recent, of this database and this filter: only one reason is left.
                assert item["reason"] == SNAPSHOT_INCOMPLETE, item
                assert log_position(self.cursor or "") < 0, "the snapshot was complete"
                self._snapshot_allowed = True
            case "IdOnly":
                assert not self._in_snapshot
                self.connections[-1].received.append(ReceivedChange(None, log_position(item["cursor"])))
            case other:
                raise AssertionError(other)
        self.cursor = item["cursor"]

    def _apply_snapshot(self, item: Item) -> None:
        assert item["first"] == (not self._in_snapshot)
        if item["first"]:
            assert self._snapshot_allowed, "a snapshot after resuming from a cursor"
            self.sessions = {}
        self.sessions |= {session["id"]: session for session in item["sessions"]}
        assert item["last"] == (log_position(item["cursor"]) >= 0)
        self._in_snapshot, self._snapshot_allowed = not item["last"], False
        if item["last"]:
            self.connections[-1].received.append(ReceivedChange(None, log_position(item["cursor"])))

    def _apply_change(self, item: Item) -> None:
        assert not self._in_snapshot, "a change within a snapshot"
        if item["change"] == "REMOVED":
            self.sessions.pop(item["id"], None)
        else:
            self.sessions[item["id"]] = item["session"]
        entry = None if item["activity"] is None else EntryKey(item["id"], item["activity"], item["at"])
        self.connections[-1].received.append(ReceivedChange(entry, log_position(item["cursor"])))


class ActivityLog:
    """Log entries: each once and in order."""

    def __init__(self, cursor: str | None = None) -> None:
        self.cursor = cursor
        self.since = None if cursor is None else log_position(cursor)
        """Position after which every entry arrives."""
        self.positions: list[int] = []
        self.types_by_session: dict[str, set[str]] = {}

    def on_connect(self) -> None:
        pass

    def on_item(self, item: Item) -> None:
        position = log_position(item["cursor"])
        if item["__typename"] == "IdOnly":
            self.since = position if self.since is None else self.since
            assert position >= (self.positions[-1] if self.positions else self.since)
            self.cursor = item["cursor"]
            return
        # All cursors are recent, so nothing else can arrive.
        assert item["__typename"] == "Activity", item
        if self.since is None:
            self.since = position - 1
        last = self.positions[-1] if self.positions else self.since
        assert position > last, f"{position} after {last}"
        self.positions.append(position)
        self.types_by_session.setdefault(item["sessionId"], set()).add(item["type"])
        self.cursor = item["cursor"]


def ordering_faults(
    connections: list[Connection], positions: Mapping[EntryKey, int], *, slow: bool = False
) -> list[str]:
    """Return what is wrong with the order of changes.

    Entries of one connection follow each other, all after the cursor it resumed from. Cursors move forward, except
    once per connection: a flush that was in progress when the client connected has the cursor from before the flush.

    Args:
        connections: of one client, from the first until all changes have arrived.
        positions: of the entries that are still in the log.
        slow: whether the client may have resumed within a connection, because its queue overflowed.
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
                faults.append(f"{received.entry} at {position} after {last}")
            steps_back += received.cursor_position < at
            if steps_back > 1 and not slow:
                faults.append(f"cursor of {received.cursor_position} after {at}")
            last, at = max(last, position or 0), received.cursor_position
    if connections and connections[-1].received and connections[-1].received[-1].cursor_position < last:
        faults.append(f"received up to {last}, but the last cursor is {connections[-1].received[-1]}")
    return faults
