"""A session while a transaction changes it: the row, and what else has to be written with it.

Nothing here touches the database; `resolvers.lifecycle.repository` reads drafts and writes them down.
"""

from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, Final

from models.clock import Instant
from models.enums import ActivityType, EndReason
from models.ids import ACTIVITY, new_id
from models.session_rules import deadline, elapsed, has_lapsed
from models.tables.activity import Activity
from models.tables.session import Session
from resolvers.forms.data_points import Form
from resolvers.lifecycle.media_player import Player

INDEXED: Final = (
    *("begun", "due_at", "ended_at", "end_reason"),
    *("final_elapsed_ms", "final_visible_ms", "final_seen_at"),
)
"""Columns that change in the life of a session and are part of indexes. Most calls leave them as they are."""

_indexed = attrgetter(*INDEXED)


@dataclass(slots=True)
class Draft:
    """One session and the changes that one or more calls make to it."""

    session: Session
    revision: int = field(init=False)
    """As it was read; the change is written only where the row still has it."""
    indexed: tuple[Any, ...] = field(init=False)
    """The columns `INDEXED`, as they were read."""
    activities: list[Activity] = field(default_factory=list)
    credits: list[tuple[list[str], int]] = field(default_factory=list)
    """Visible milliseconds for paths, in the order they were earned."""
    columns: set[str] = field(default_factory=set)
    """Columns that were changed beyond those that any call and time may change."""
    tracks: list[int] | None = None
    """The tracks it is on from now on; null where they stay."""
    player: Player | None = None
    """Of a MEDIA session whose player reports something in this transaction."""
    form: Form | None = None
    """Its data points, where a call needs to know of them."""

    def __post_init__(self) -> None:
        self.revision = self.session.revision
        self.indexed = _indexed(self.session)

    @property
    def is_changed(self) -> bool:
        """Whether there is anything to write."""
        return self.session.revision != self.revision

    @property
    def moves_indexes(self) -> bool:
        """Whether there is anything to write that is part of an index."""
        return bool(_indexed(self.session) != self.indexed)

    def touch(self, now: Instant) -> None:
        """Count one change of the row."""
        self.session.revision += 1
        self.session.updated_at = now

    def record(
        self, what: ActivityType, at: Instant, data: dict[str, Any] | None = None, *, client_at: Instant | None = None
    ) -> None:
        """Put an entry on the timeline."""
        self.activities.append(activity_of(self.session, what, at, data, client_at=client_at))


def activity_of(
    s: Session, what: ActivityType, at: Instant, data: dict[str, Any] | None = None, *, client_at: Instant | None = None
) -> Activity:
    """An entry for the timeline of a session; the database gives it its position."""
    return Activity(
        position=None,
        id=new_id(ACTIVITY),
        session_id=s.id,
        project_id=s.project_id,
        kind=s.kind,
        type=what.value,
        at=at,
        client_at=client_at,
        data=data or {},
    )


def settle(draft: Draft, now: Instant) -> bool:
    """Write down what time has done by `now` and nobody has noted: the beginning, the end. True where it did.

    The sweeper does this for all; a call does it for the session it names, so that the timeline is in order.
    """
    found = note_time(draft, now)
    if found:
        draft.touch(now)
    return found


def note_time(draft: Draft, now: Instant) -> bool:
    """The same as part of a change that is counted by itself."""
    s = draft.session
    begins = s.ended_at is None and not s.begun and s.started_at <= now
    lapsed = has_lapsed(s, now)
    if begins:
        s.begun = True
        # Of a player the start has told the time by its own clock.
        draft.record(ActivityType.STARTED, s.started_at, client_at=s.player_ts)
    if lapsed and s.expires_at is not None and s.expiry_reason is not None:
        finish(draft, s.expires_at, EndReason(s.expiry_reason))
    elif begins:
        s.due_at = s.expires_at
    return begins or lapsed


def finish(
    draft: Draft,
    at: Instant,
    reason: EndReason,
    data: dict[str, Any] | None = None,
    *,
    client_at: Instant | None = None,
) -> None:
    """End the session: for good. It was heard for the last time."""
    s = draft.session
    s.ended_at = at
    s.end_reason = reason.value
    s.due_at = None
    s.final_elapsed_ms = elapsed(s, at)
    s.final_visible_ms = s.visible_ms
    s.final_seen_at = s.last_seen_at
    draft.record(ActivityType(reason.value), at, data, client_at=client_at)


def schedule(s: Session) -> None:
    """Work out anew when the session ends by time, after anything that its deadlines depend on has changed.

    `due_at` moves only where it would be too late: that leaves the index on it alone (see `SessionTable.due_at`).
    """
    s.expires_at, reason = deadline(s)
    s.expiry_reason = None if reason is None else reason.value
    look = s.expires_at
    if not s.begun:
        look = s.started_at if look is None else min(s.started_at, look)
    if s.due_at is None or look is None or look < s.due_at:
        s.due_at = look


def reschedule(s: Session) -> None:
    """The same after its schedule itself was changed: what the sweeper looked for is no longer there."""
    s.due_at = None
    schedule(s)
