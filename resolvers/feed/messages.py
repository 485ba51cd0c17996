"""What streams are told, and its order."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from models.clock import Instant
from models.enums import ActivityType, SetChange
from models.tables.session import Session


@dataclass(frozen=True, slots=True)
class FeedItem:
    """One thing that a stream is told."""

    payload: Any
    sequence: int
    """Its place among the items of one source: see `at_entry` and `behind_entry`."""
    cursor: str | None = None
    """Where a stream that ends after it may go on; null: nowhere."""


@dataclass(frozen=True, slots=True)
class CaughtUp:
    """The end of a stream's own beginning."""

    through: int
    """It has been told everything up to this position."""
    accepts: Callable[[FeedItem], bool] | None = None
    """Which of the items behind that position the stream is told; to be asked of each once, in order. Null: all."""
    cursor: str | None = None
    """Where a stream may go on that ends before it is told anything more; null: where its last item says."""


def order_at(position: int) -> int:
    """The position of an item about an entry of the log."""
    return 2 * position


def order_after(position: int) -> int:
    """The position of an item without an entry of its own, after that of an entry and before that of the next one."""
    return 2 * position + 1


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A part of the set as it was at one position of the log."""

    sessions: list[Session]
    total_count: int
    last: bool
    truncated: bool
    cursor: str


@dataclass(frozen=True, slots=True)
class Change:
    """A change of the set."""

    change: SetChange
    id: str
    session: Session | None
    """As it is now; null where it is gone."""
    activity: ActivityType | None
    """Null where it was only heard."""
    at: Instant
    cursor: str


@dataclass(frozen=True, slots=True)
class Resync:
    """A gap: what was held so far is worth nothing."""

    reason: str
    cursor: str
