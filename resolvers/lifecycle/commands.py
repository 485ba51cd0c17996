"""Commands on one session: keepalive, hide, stop, trackMedia, terminate. Pure; `service` runs them."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar, Final, Self

from models.clock import Instant
from models.enums import AuditAction, EndReason, EventFlag, Kind, MediaEventType, ProblemCode, Scope
from models.kinds.base import KindFields
from models.kinds.commands import HeartbeatFields, KeepaliveFields, TerminateFields, TerminationFields, TrackMediaFields
from models.kinds.validation import in_input_order, validate
from models.problems import Problem, prefix_paths
from models.session_rules import is_scheduled
from models.tables.rows import AuditEntry, Session
from resolvers.access import Caller
from resolvers.audit.entry import new_entry
from resolvers.lifecycle.heartbeat import NO_PLAYER, PlayerContext, record_heartbeat, set_path, set_visible
from resolvers.lifecycle.media_ingest import ingest_events
from resolvers.lifecycle.media_player import PlayerEvent, event_from_ping, events_from_input
from resolvers.lifecycle.unit_of_work import ALL_COLUMNS, LIFE_COLUMNS, PLAYER_COLUMNS, SessionUnitOfWork
from resolvers.media.state import HIDE, STOP

PLAYED_COLUMNS: Final = LIFE_COLUMNS | PLAYER_COLUMNS | {"details"}
"""Columns that commands with player events read."""


@lru_cache(128)
def _union(*parts: frozenset[str]) -> frozenset[str]:
    return frozenset[str]().union(*parts)


def wrong_kind(uow: SessionUnitOfWork, kind: Kind, *path: str) -> Problem:
    return Problem(path, f"must be the id of a session of kind {kind}, not {uow.session.kind}")


@dataclass(frozen=True, slots=True)
class Command(ABC):
    """One call that names a session."""

    caller: Caller
    now: Instant
    fields: Any
    """The validated input."""
    input_path: tuple[str, ...]
    """Where the input stands in the mutation's arguments, for the paths of problems."""
    player_events: tuple[PlayerEvent, ...] = ()
    problems: tuple[Problem, ...] = ()
    """Of the input by itself. Any of them refuses the command."""
    shown: frozenset[str] | None = None
    """Columns of the session that the result shows; None: any."""

    input_model: ClassVar[type[KindFields]]
    scope: ClassVar[Scope] = Scope.WRITE
    idempotent_after: ClassVar[tuple[EndReason, ...]] = ()
    """End reasons after which the command returns the ended session without a problem."""
    needs_form: ClassVar[bool] = False

    @classmethod
    def parse(
        cls,
        caller: Caller,
        now: Instant,
        values: Mapping[str, Any],
        input_path: tuple[str, ...],
        shown: frozenset[str] | None,
    ) -> Self:
        """Validate the fields of an input, by Python names."""
        fields, problems = validate(cls.input_model, values)
        if problems:
            return cls(caller, now, fields, input_path, (), tuple(prefix_paths(problems, *input_path)), shown)
        return cls(caller, now, fields, input_path, cls.parse_player_events(fields, input_path), (), shown)

    @property
    def columns(self) -> frozenset[str]:
        """The columns of the session to load."""
        if self.shown is None:
            return ALL_COLUMNS
        return _union(PLAYED_COLUMNS if self.player_events else LIFE_COLUMNS, self.shown)

    @classmethod
    def parse_player_events(cls, fields: Any, input_path: tuple[str, ...]) -> tuple[PlayerEvent, ...]:  # noqa: ARG003 - hook
        return ()

    def find_problems(self, uow: SessionUnitOfWork) -> list[Problem]:
        """List all that refuses the command, in the order of its input."""
        ended = () if uow.session.end_reason is None else self.ended_problems(uow.session)
        problems = (*ended, *self.problems, *self.preconditions(uow))
        return self.in_input_order(*problems) if problems else []

    def in_input_order(self, *problems: Problem) -> list[Problem]:
        return in_input_order(self.input_model, problems, len(self.input_path))

    def ended_problems(self, s: Session) -> tuple[Problem, ...]:
        """List what refuses the command for a session that has ended."""
        if s.end_reason in self.idempotent_after:
            return ()
        message = f"must be the id of a session that has not ended; this one has ({s.end_reason})"
        return (Problem((*self.input_path, "id"), message, ProblemCode.SESSION_ENDED),)

    def preconditions(self, uow: SessionUnitOfWork) -> list[Problem]:  # noqa: ARG002 - hook
        """List what refuses the whole command for this session. If the input has problems, `fields` has them too."""
        return []

    def is_noop(self, uow: SessionUnitOfWork) -> bool:  # noqa: ARG002 - hook
        """Whether it changes nothing: a later call was applied before it, or the session has these values already."""
        return False

    def audit_entry(self, s: Session) -> AuditEntry | None:  # noqa: ARG002 - hook
        """Return the entry for the audit log, if the command is an administrator's."""
        return None

    @abstractmethod
    def apply(self, uow: SessionUnitOfWork) -> list[Problem]:
        """Change the session. Returns problems of parts that were refused; the rest counts.

        One that has ended comes here only if `ended_problems` has none; nothing of its life may change then.
        """


@dataclass(frozen=True, slots=True)
class HeartbeatCommand(Command):
    """A call of the session's own client, with an optional ping of its player."""

    fields: HeartbeatFields
    input_model = HeartbeatFields
    event_type: ClassVar[str]
    """The type under which `media` is recorded."""

    @classmethod
    def parse_player_events(cls, fields: HeartbeatFields, input_path: tuple[str, ...]) -> tuple[PlayerEvent, ...]:
        if fields.media is None:
            return ()
        return (event_from_ping(fields.media, cls.event_type, (*input_path, "media")),)

    def preconditions(self, uow: SessionUnitOfWork) -> list[Problem]:
        if self.fields.media is None or uow.session.kind == Kind.MEDIA:
            return []
        message = f"must be set for a session of kind MEDIA only, not {uow.session.kind}"
        return [Problem((*self.input_path, "media"), message)]

    def is_noop(self, uow: SessionUnitOfWork) -> bool:
        sequence, last = self.fields.sequence, uow.session.sequence
        return sequence is not None and last is not None and sequence <= last

    def store_sequence(self, uow: SessionUnitOfWork) -> None:
        if self.fields.sequence is not None:
            uow.session.sequence = max(self.fields.sequence, uow.session.sequence or 0)

    def record_player(self, uow: SessionUnitOfWork) -> tuple[list[Problem], PlayerContext]:
        """Ingest the ping, if any. Returns its problems and what the heartbeat's activities show of it."""
        if not self.player_events:
            return [], NO_PLAYER
        (ping,) = self.player_events
        problems = ingest_events(uow, self.player_events, self.now)
        if not problems:
            return [], PlayerContext(ping.event.ts, ping.activity_data)
        if problems[0].code == ProblemCode.LATE_EVENT:
            return problems, PlayerContext(ping.event.ts, ping.activity_data | {"flag": EventFlag.LATE.value})
        return problems, NO_PLAYER


@dataclass(frozen=True, slots=True)
class Keepalive(HeartbeatCommand):
    fields: KeepaliveFields
    input_model = KeepaliveFields
    event_type = MediaEventType.PING.value

    def apply(self, uow: SessionUnitOfWork) -> list[Problem]:
        record_heartbeat(uow, self.now)
        problems, player = self.record_player(uow)
        if self.fields.visible is not None:
            set_visible(uow, self.now, visible=self.fields.visible, player=player)
        if self.fields.path is not None:
            set_path(uow, self.now, self.fields.path, player)
        self.store_sequence(uow)
        uow.update_deadline()
        return problems


@dataclass(frozen=True, slots=True)
class Hide(HeartbeatCommand):
    event_type = HIDE

    def apply(self, uow: SessionUnitOfWork) -> list[Problem]:
        record_heartbeat(uow, self.now, left_path=self.fields.path)
        problems, player = self.record_player(uow)
        set_visible(uow, self.now, visible=False, player=player)
        self.store_sequence(uow)
        uow.update_deadline()
        return problems


@dataclass(frozen=True, slots=True)
class Stop(HeartbeatCommand):
    event_type = STOP
    idempotent_after = (EndReason.STOPPED, EndReason.CANCELLED)

    def is_noop(self, uow: SessionUnitOfWork) -> bool:  # noqa: ARG002 - hook
        # A stop counts even behind a call with a higher sequence: the client is gone.
        return False

    def apply(self, uow: SessionUnitOfWork) -> list[Problem]:
        record_heartbeat(uow, self.now, left_path=self.fields.path)
        self.store_sequence(uow)
        problems, player = self.record_player(uow)
        reason = EndReason.CANCELLED if is_scheduled(uow.session, self.now) else EndReason.STOPPED
        uow.end(self.now, reason, dict(player.data), client_at=player.client_at)
        return problems


@dataclass(frozen=True, slots=True)
class TrackMedia(Command):
    fields: TrackMediaFields
    input_model = TrackMediaFields

    @classmethod
    def parse_player_events(cls, fields: TrackMediaFields, input_path: tuple[str, ...]) -> tuple[PlayerEvent, ...]:
        return events_from_input(fields, input_path)

    def preconditions(self, uow: SessionUnitOfWork) -> list[Problem]:
        return [] if uow.session.kind == Kind.MEDIA else [wrong_kind(uow, Kind.MEDIA, *self.input_path, "id")]

    def apply(self, uow: SessionUnitOfWork) -> list[Problem]:
        record_heartbeat(uow, self.now)
        problems = ingest_events(uow, self.player_events, self.now)
        uow.update_deadline()
        return problems


@dataclass(frozen=True, slots=True)
class Terminate(Command):
    """An administrator's end of a session: no heartbeat."""

    fields: TerminateFields | TerminationFields
    input_model = TerminateFields
    scope = Scope.ADMIN
    idempotent_after = (EndReason.TERMINATED,)

    def apply(self, uow: SessionUnitOfWork) -> list[Problem]:
        uow.end(self.now, EndReason.TERMINATED, {"reason": self.fields.reason, "by": self.caller.name})
        return []

    def audit_entry(self, s: Session) -> AuditEntry:
        action, details = AuditAction.SESSION_TERMINATED, {"kind": s.kind, "reason": self.fields.reason}
        return new_entry(self.caller, self.now, action, details, target_id=s.id, project_id=s.project_id)
