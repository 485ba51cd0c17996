"""Messages of subscriptions."""

import secrets
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self

from models.clock import Instant
from models.enums import ActivityType, SetChange
from models.tables.rows import Session
from resolvers.access import Caller
from resolvers.loaders import SharedReads

CURSOR_PLACEHOLDER: Final = secrets.token_hex(16)
"""Stands for the cursor in results that groups share. Random: nothing that a client stores can contain it."""


@dataclass(slots=True)
class BatchRows:
    """What operations on one batch of the log share."""

    now: Instant
    """When the batch was read: state and change of a session are of one moment."""
    sessions: Mapping[str, Session | None]
    """Those of the entries, None for deleted ones, and those that consumers needed; of any project."""
    _reads: dict[Caller, SharedReads] = field(default_factory=dict)

    def reads(self, caller: Caller) -> SharedReads:
        """Return the reads by id for all operations of callers with equal access."""
        found = self._reads.get(caller)
        if found is None:
            found = self._reads[caller] = SharedReads(self.sessions)
        return found


@dataclass(slots=True, eq=False)
class Event:
    """What several groups deliver, each with a cursor of its own."""

    payload: Any
    """With the placeholder in the place of the cursor."""
    rows: BatchRows
    placeholder: str | None = CURSOR_PLACEHOLDER
    """Null if all groups have the same cursor."""
    results: dict[Hashable, Any] = field(default_factory=dict)
    """Of the transport: see `transport.subscriptions.source`."""


@dataclass(slots=True)  # not frozen: to create one would take three times as long, for each change and group
class FeedItem:
    payload: Any
    sequence: int
    """A stream that has caught up through this number or a later one knows the item. Of a log entry: its position."""
    cursor: str | None = None
    """Where a stream may resume after this item; null: it cannot be resumed here."""
    event: Event | None = None
    """Null: no other group has an equal item."""

    @classmethod
    def of(cls, event: Event, sequence: int, cursor: str) -> Self:
        return cls(event.payload, sequence, cursor, event)


@dataclass(frozen=True, slots=True)
class CaughtUp:
    """End of a stream's catch-up: the items of its group follow."""

    through: int
    """Sequence number through which the stream knows everything."""
    cursor: str | None = None
    """Where the stream may resume before its next item; null: after its last item."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Part of a set whose ids were read at one position of the log; rows of later parts may be newer."""

    sessions: list[Session]
    total_count: int
    first: bool
    last: bool
    cursor: str


@dataclass(frozen=True, slots=True)
class Change:
    """Change of a set."""

    change: SetChange
    id: str
    session: Session | None
    """As it is now; null if it was deleted."""
    activity: ActivityType | None
    """Null for a heartbeat."""
    at: Instant
    cursor: str


@dataclass(frozen=True, slots=True)
class Resync:
    """Gap: the client has to discard what it holds."""

    reason: str
    cursor: str
