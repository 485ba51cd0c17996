"""Unit of work: one session and the changes that a transaction makes to it. Pure; `repository` loads and saves it."""

from copy import copy
from dataclasses import dataclass, field, fields
from typing import Any, Final

from models.clock import Instant
from models.enums import ActivityType, EndReason
from models.ids import ACTIVITY, new_id
from models.problems import Problem
from models.session_rules import deadline, elapsed, is_expired
from models.tables.rows import Activity, AuditEntry, Session
from resolvers.forms.data_points import FormState
from resolvers.lifecycle.media_player import MediaPlayer
from resolvers.lifecycle.result import MutationResult

ALL_COLUMNS: Final = frozenset(column.name for column in fields(Session))

LIFE_COLUMNS: Final = frozenset(
    {
        *("id", "kind", "project_id", "revision", "started_at", "begun", "ended_at", "end_reason"),
        *("last_seen_at", "timeout_seconds", "schedule_end", "stall_from", "player_ts"),
        *("expires_at", "expiry_reason", "due_at", "visible", "visible_ms", "path", "path_count", "sequence"),
    }
)
"""Columns of which the life of a session of any kind depends: what heartbeats, ends and due transitions read."""

HEARTBEAT_COLUMNS: Final = frozenset(
    {
        *("revision", "updated_at", "last_seen_at", "expires_at", "expiry_reason"),
        *("visible", "visible_ms", "path", "path_count", "sequence"),
    }
)
"""Columns that every command writes, of which only `last_seen_at` is in an index.

SQLite writes the index of every column that an UPDATE names, changed or not, so other columns join only if changed.
"""
PLAYER_COLUMNS: Final = frozenset({"playhead", "player_ts", "player_state", "stall_from"})
"""Columns that the events of a player change."""
_SCHEDULE_COLUMNS: Final = frozenset({"begun", "due_at"})
_END_COLUMNS: Final = frozenset({"ended_at", "end_reason", "final_elapsed_ms", "final_visible_ms", "final_seen_at"})

MAX_KEEPALIVE_SECONDS: Final = 120


@dataclass(slots=True)
class SessionUnitOfWork:
    session: Session
    """Has the columns that were loaded: those in `LIFE_COLUMNS`, and what the commands and their callers read."""
    is_shared: bool = False
    """Whether several commands of the transaction change it."""
    loaded_revision: int = field(init=False)
    """For the optimistic lock: the row is updated only if it still has this revision."""
    loaded_schedule: tuple[bool, Instant | None] = field(init=False)
    """`begun` and `due_at`."""
    had_ended: bool = field(init=False)
    """Whether it had ended when it was loaded."""
    activities: list[Activity] = field(default_factory=list)
    audit_entry: AuditEntry | None = None
    """What an administrator's command adds to the audit log."""
    credits: list[tuple[list[str], int]] = field(default_factory=list)
    """Visible milliseconds per path, in the order in which they were credited."""
    changed_columns: set[str] = field(default_factory=set)
    """Columns of the kind that commands changed."""
    tracks: list[int] | None = None
    """The new tracks of an AGENDA session; null if unchanged."""
    player: MediaPlayer | None = None
    """Loaded if a command of this transaction has player events."""
    form: FormState | None = None
    """Loaded if a command of this transaction needs the data points."""

    def __post_init__(self) -> None:
        s = self.session
        self.loaded_revision = s.revision
        self.loaded_schedule = s.begun, s.due_at
        self.had_ended = s.ended_at is not None

    @property
    def is_changed(self) -> bool:
        return self.session.revision != self.loaded_revision

    @property
    def ends(self) -> bool:
        """Whether this transaction ends it. Corrections of a session that had ended do not."""
        return self.session.ended_at is not None and not self.had_ended

    @property
    def written_columns(self) -> frozenset[str]:
        columns = HEARTBEAT_COLUMNS
        if (self.session.begun, self.session.due_at) != self.loaded_schedule:
            columns |= _SCHEDULE_COLUMNS
        if self.ends:
            columns |= _END_COLUMNS
        return columns | self.changed_columns if self.changed_columns else columns

    def bump_revision(self, now: Instant) -> None:
        self.session.revision += 1
        self.session.updated_at = now

    def add_activity(
        self, type_: ActivityType, at: Instant, data: dict[str, Any] | None = None, *, client_at: Instant | None = None
    ) -> None:
        self.activities.append(new_activity(self.session, type_, at, data, client_at=client_at))

    def apply_due(self, now: Instant) -> bool:
        """Apply start and expiry transitions that are due at `now`. Returns whether any applied."""
        applied = self.apply_due_silently(now)
        if applied:
            self.bump_revision(now)
        return applied

    def apply_due_silently(self, now: Instant) -> bool:
        """Like `apply_due`, without bumping the revision (the caller does)."""
        s = self.session
        starts = s.ended_at is None and not s.begun and s.started_at <= now
        expired = is_expired(s, now)
        if starts:
            s.begun = True
            self.add_activity(ActivityType.STARTED, s.started_at, client_at=s.player_ts)
        if expired and s.expires_at is not None and s.expiry_reason is not None:
            self.end(s.expires_at, EndReason(s.expiry_reason))
        elif starts:
            s.due_at = s.expires_at
        return starts or expired

    def end(
        self, at: Instant, reason: EndReason, data: dict[str, Any] | None = None, *, client_at: Instant | None = None
    ) -> None:
        s = self.session
        s.ended_at = at
        s.end_reason = reason.value
        s.due_at = None
        s.final_elapsed_ms = elapsed(s, at)
        s.final_visible_ms = s.visible_ms
        s.final_seen_at = s.last_seen_at
        self.add_activity(ActivityType(reason.value), at, data, client_at=client_at)

    def update_deadline(self) -> None:
        """Recompute `expires_at` after a change of what it depends on."""
        s = self.session
        s.expires_at, reason = deadline(s)
        s.expiry_reason = None if reason is None else reason.value
        next_due_at = s.expires_at
        if not s.begun:
            next_due_at = s.started_at if next_due_at is None else min(s.started_at, next_due_at)
        # An early `due_at` costs the sweeper one look; moving it with each keepalive would cost an index write.
        if s.due_at is None or next_due_at is None or next_due_at < s.due_at:
            s.due_at = next_due_at

    def reset_deadline(self) -> None:
        """Recompute `expires_at` and `due_at` after a change of the schedule itself."""
        self.session.due_at = None
        self.update_deadline()

    def result(self, now: Instant, *problems: Problem, created: bool = False) -> MutationResult:
        # Later commands of the batch change the session, not this result.
        s = copy(self.session) if self.is_shared else self.session
        keepalive_seconds = None
        if s.timeout_seconds is not None and s.ended_at is None and not is_expired(s, now):
            keepalive_seconds = min(s.timeout_seconds // 3, MAX_KEEPALIVE_SECONDS)
        return MutationResult(s, list(problems), created, keepalive_seconds)


def new_activity(
    s: Session,
    type_: ActivityType,
    at: Instant,
    data: dict[str, Any] | None = None,
    *,
    client_at: Instant | None = None,
) -> Activity:
    """Make an entry for a session's timeline; the database assigns its position."""
    return Activity(
        position=None,
        id=new_id(ACTIVITY),
        session_id=s.id,
        project_id=s.project_id,
        kind=s.kind,
        type=type_.value,
        at=at,
        client_at=client_at,
        data=data or {},
    )
