"""A session while a transaction changes it: the row, and what else has to be written with it.

Nothing here touches the database; `resolvers.lifecycle.repository` reads drafts and writes them down.
"""

from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, Final

from models.clock import Instant
from models.enums import ActivityType, EndReason
from models.ids import ACTIVITY, new_id
from models.session_rules import deadline, elapsed, is_expired
from models.tables.activity import Activity
from models.tables.session import Session
from resolvers.forms.data_points import FormState
from resolvers.lifecycle.media_player import MediaPlayer

INDEXED_COLUMNS: Final = (
    *("begun", "due_at", "ended_at", "end_reason"),
    *("final_elapsed_ms", "final_visible_ms", "final_seen_at"),
)
"""Columns that change in the life of a session and are part of indexes. Most calls leave them as they are."""

_indexed_values = attrgetter(*INDEXED_COLUMNS)


@dataclass(slots=True)
class SessionUnitOfWork:
    """One session and the changes that one or more calls make to it."""

    session: Session
    loaded_revision: int = field(init=False)
    """As it was read; the change is written only where the row still has it."""
    loaded_indexed_values: tuple[Any, ...] = field(init=False)
    """The columns `INDEXED`, as they were read."""
    activities: list[Activity] = field(default_factory=list)
    credits: list[tuple[list[str], int]] = field(default_factory=list)
    """Visible milliseconds for paths, in the order they were earned."""
    changed_columns: set[str] = field(default_factory=set)
    """Columns that were changed beyond those that any call and time may change."""
    tracks: list[int] | None = None
    """The tracks it is on from now on; null where they stay."""
    player: MediaPlayer | None = None
    """Of a MEDIA session whose player reports something in this transaction."""
    form: FormState | None = None
    """Its data points, where a call needs to know of them."""

    def __post_init__(self) -> None:
        self.loaded_revision = self.session.revision
        self.loaded_indexed_values = _indexed_values(self.session)

    @property
    def is_changed(self) -> bool:
        """Whether there is anything to write."""
        return self.session.revision != self.loaded_revision

    @property
    def changes_indexed_columns(self) -> bool:
        """Whether there is anything to write that is part of an index."""
        return bool(_indexed_values(self.session) != self.loaded_indexed_values)

    def bump_revision(self, now: Instant) -> None:
        """Count one change of the row."""
        self.session.revision += 1
        self.session.updated_at = now

    def add_activity(
        self,
        activity_type: ActivityType,
        at: Instant,
        data: dict[str, Any] | None = None,
        *,
        client_at: Instant | None = None,
    ) -> None:
        """Put an entry on the timeline."""
        self.activities.append(new_activity(self.session, activity_type, at, data, client_at=client_at))


def new_activity(
    s: Session,
    activity_type: ActivityType,
    at: Instant,
    data: dict[str, Any] | None = None,
    *,
    client_at: Instant | None = None,
) -> Activity:
    """An entry for the timeline of a session; the database gives it its position."""
    return Activity(
        position=None,
        id=new_id(ACTIVITY),
        session_id=s.id,
        project_id=s.project_id,
        kind=s.kind,
        type=activity_type.value,
        at=at,
        client_at=client_at,
        data=data or {},
    )


def apply_due(uow: SessionUnitOfWork, now: Instant) -> bool:
    """Write down what time has done by `now` and nobody has noted: the beginning, the end. True where it did.

    The sweeper does this for all; a call does it for the session it names, so that the timeline is in order.
    """
    applied = apply_due_silently(uow, now)
    if applied:
        uow.bump_revision(now)
    return applied


def apply_due_silently(uow: SessionUnitOfWork, now: Instant) -> bool:
    """The same as part of a change that is counted by itself."""
    s = uow.session
    starts = s.ended_at is None and not s.begun and s.started_at <= now
    expired = is_expired(s, now)
    if starts:
        s.begun = True
        # Of a player the start has told the time by its own clock.
        uow.add_activity(ActivityType.STARTED, s.started_at, client_at=s.player_ts)
    if expired and s.expires_at is not None and s.expiry_reason is not None:
        end_session(uow, s.expires_at, EndReason(s.expiry_reason))
    elif starts:
        s.due_at = s.expires_at
    return starts or expired


def end_session(
    uow: SessionUnitOfWork,
    at: Instant,
    reason: EndReason,
    data: dict[str, Any] | None = None,
    *,
    client_at: Instant | None = None,
) -> None:
    """End the session: for good. It was heard for the last time."""
    s = uow.session
    s.ended_at = at
    s.end_reason = reason.value
    s.due_at = None
    s.final_elapsed_ms = elapsed(s, at)
    s.final_visible_ms = s.visible_ms
    s.final_seen_at = s.last_seen_at
    uow.add_activity(ActivityType(reason.value), at, data, client_at=client_at)


def update_deadline(s: Session) -> None:
    """Work out anew when the session ends by time, after anything that its deadlines depend on has changed.

    `due_at` moves only where it would be too late: that leaves the index on it alone (see `SessionTable.due_at`).
    """
    s.expires_at, reason = deadline(s)
    s.expiry_reason = None if reason is None else reason.value
    next_due_at = s.expires_at
    if not s.begun:
        next_due_at = s.started_at if next_due_at is None else min(s.started_at, next_due_at)
    if s.due_at is None or next_due_at is None or next_due_at < s.due_at:
        s.due_at = next_due_at


def reset_deadline(s: Session) -> None:
    """The same after its schedule itself was changed: what the sweeper looked for is no longer there."""
    s.due_at = None
    update_deadline(s)
