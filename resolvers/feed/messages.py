"""Messages of subscriptions."""

from dataclasses import dataclass
from typing import Any

from models.clock import Instant
from models.enums import ActivityType, SetChange
from models.tables.rows import Session


@dataclass(frozen=True, slots=True)
class FeedItem:
    payload: Any
    sequence: int
    """A stream that has caught up through this number or a later one knows the item. Of a log entry: its position."""
    cursor: str | None = None
    """Where a stream may resume after this item; null: it cannot be resumed here."""


@dataclass(frozen=True, slots=True)
class CaughtUp:
    """End of a stream's catch-up: the items of its group follow."""

    through: int
    """Sequence number through which the stream knows everything."""
    cursor: str | None = None
    """Where the stream may resume before its next item; null: after its last item."""


@dataclass(frozen=True, slots=True)
class CachedItem:
    """Latest item of a group, for streams that join it."""

    item: FeedItem
    time: float
    """When it was produced, on the timers' clock."""


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
