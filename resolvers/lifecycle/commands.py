"""What a call does to a session: keepalive, hide, stop, trackMedia, terminate.

Rules only; the batch around them is `calling`.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from sqlalchemy.engine import Connection

from models.clock import Instant
from models.enums import EndReason, EventFlag, MediaEventType, ProblemCode, Scope
from models.kinds.base import KindFields
from models.kinds.commands import HeartbeatFields, KeepaliveFields, TerminateFields, TrackMediaFields
from models.problems import Problem
from models.session_rules import is_scheduled
from resolvers.access import Caller
from resolvers.lifecycle.heartbeat import NO_PLAYER, PlayerContext, record_heartbeat, set_path, set_visible
from resolvers.lifecycle.media_ingest import ingest_events, require_media_session
from resolvers.lifecycle.media_player import PlayerEvent, event_from_ping, events_from_input
from resolvers.lifecycle.unit_of_work import SessionUnitOfWork, end_session, update_deadline
from resolvers.media.event import HIDE, STOP


@dataclass(frozen=True, slots=True)
class Command(ABC):
    """One call that names a session: who, when, and what it says."""

    caller: Caller
    now: Instant
    fields: Any
    input_path: tuple[str, ...]
    """Where its input stands in the mutation, for the paths of problems."""
    player_events: tuple[PlayerEvent, ...] = ()
    """What it tells of a player."""

    input_model: ClassVar[type[KindFields]]
    """What it may say."""
    scope: ClassVar[Scope] = Scope.WRITE
    idempotent_after: ClassVar[tuple[EndReason, ...]] = ()
    """Ends after which this call answers the session unchanged, because it is what the call wanted."""

    @classmethod
    def from_input(cls, caller: Caller, now: Instant, fields: Any, input_path: tuple[str, ...]) -> Self:
        """The call whose input was checked."""
        return cls(caller, now, fields, input_path, cls.parse_player_events(fields, input_path))

    @classmethod
    def parse_player_events(cls, fields: Any, input_path: tuple[str, ...]) -> tuple[PlayerEvent, ...]:  # noqa: ARG003 - most calls have none
        """What an input tells of a player."""
        return ()

    @classmethod  # noqa: B027 - most calls need the row alone
    def preload(cls, tx: Connection, units: Sequence[SessionUnitOfWork]) -> None:
        """Read into the drafts of the sessions that calls of this class name what the rules need besides the row."""

    def is_noop(self, uow: SessionUnitOfWork) -> bool:  # noqa: ARG002 - most calls can't be
        """Whether it leaves the session as it is: a later call arrived before it, or it says what is so already."""
        return False

    def preconditions(self, uow: SessionUnitOfWork) -> list[Problem]:  # noqa: ARG002 - most calls have none
        """What forbids the whole call for this session."""
        return []

    @abstractmethod
    def apply(self, uow: SessionUnitOfWork) -> list[Problem]:
        """Do it to a session that is not over; what is refused within an accepted call comes back."""


@dataclass(frozen=True, slots=True)
class HeartbeatCommand(Command):
    """A call by which the session's own client is heard."""

    fields: HeartbeatFields
    input_model = HeartbeatFields
    event_type: ClassVar[str]
    """The type of event that its `media` is."""

    @classmethod
    def parse_player_events(cls, fields: HeartbeatFields, input_path: tuple[str, ...]) -> tuple[PlayerEvent, ...]:
        return event_from_ping(fields.media, cls.event_type, input_path)

    def is_noop(self, uow: SessionUnitOfWork) -> bool:
        sequence, last = self.fields.sequence, uow.session.sequence
        return sequence is not None and last is not None and sequence <= last

    def preconditions(self, uow: SessionUnitOfWork) -> list[Problem]:
        return require_media_session(uow, (*self.input_path, "media")) if self.player_events else []

    def store_sequence(self, uow: SessionUnitOfWork) -> None:
        """Remember the highest number."""
        if self.fields.sequence is not None:
            uow.session.sequence = max(self.fields.sequence, uow.session.sequence or 0)

    def record_player(self, uow: SessionUnitOfWork) -> tuple[list[Problem], PlayerContext]:
        """Note where the player is, if the call says so; what is wrong with that, and what the timeline shows of it."""
        if not self.player_events:
            return [], NO_PLAYER
        (player_event,) = self.player_events
        problems = ingest_events(uow, self.player_events, self.now)
        if not problems:
            return [], PlayerContext(player_event.event.ts, player_event.activity_data)
        if problems[0].code == ProblemCode.LATE_EVENT:
            return problems, PlayerContext(
                player_event.event.ts, player_event.activity_data | {"flag": EventFlag.LATE.value}
            )
        return problems, NO_PLAYER


@dataclass(frozen=True, slots=True)
class Keepalive(HeartbeatCommand):
    """The client is there, visible or not, perhaps on another path."""

    fields: KeepaliveFields
    input_model = KeepaliveFields
    event_type = MediaEventType.PING.value

    def apply(self, uow: SessionUnitOfWork) -> list[Problem]:
        record_heartbeat(uow, self.now)
        problems, player = self.record_player(uow)
        set_visible(uow, self.now, visible=self.fields.visible, player=player)
        if self.fields.path is not None:
            set_path(uow, self.now, self.fields.path, player)
        self.store_sequence(uow)
        update_deadline(uow.session)
        return problems


@dataclass(frozen=True, slots=True)
class Hide(HeartbeatCommand):
    """The client went out of sight."""

    event_type = HIDE

    def apply(self, uow: SessionUnitOfWork) -> list[Problem]:
        record_heartbeat(uow, self.now, left_path=self.fields.path)
        problems, player = self.record_player(uow)
        set_visible(uow, self.now, visible=False, player=player)
        self.store_sequence(uow)
        update_deadline(uow.session)
        return problems


@dataclass(frozen=True, slots=True)
class Stop(HeartbeatCommand):
    """The client is done. It is never overtaken."""

    event_type = STOP
    idempotent_after = (EndReason.STOPPED, EndReason.CANCELLED)

    def is_noop(self, uow: SessionUnitOfWork) -> bool:  # noqa: ARG002 - see above
        return False

    def apply(self, uow: SessionUnitOfWork) -> list[Problem]:
        record_heartbeat(uow, self.now, left_path=self.fields.path)
        self.store_sequence(uow)
        problems, player = self.record_player(uow)
        reason = EndReason.CANCELLED if is_scheduled(uow.session, self.now) else EndReason.STOPPED
        end_session(uow, self.now, reason, dict(player.data), client_at=player.client_at)
        return problems


@dataclass(frozen=True, slots=True)
class TrackMedia(Command):
    """The player of a MEDIA session tells what happened; that its client is there goes without saying."""

    fields: TrackMediaFields
    input_model = TrackMediaFields

    @classmethod
    def parse_player_events(cls, fields: TrackMediaFields, input_path: tuple[str, ...]) -> tuple[PlayerEvent, ...]:
        return events_from_input(fields, input_path)

    def preconditions(self, uow: SessionUnitOfWork) -> list[Problem]:
        return require_media_session(uow, (*self.input_path, "id"))

    def apply(self, uow: SessionUnitOfWork) -> list[Problem]:
        record_heartbeat(uow, self.now)
        problems = ingest_events(uow, self.player_events, self.now)
        update_deadline(uow.session)
        return problems


@dataclass(frozen=True, slots=True)
class Terminate(Command):
    """An administrator ends it. The client is not heard by that."""

    fields: TerminateFields
    input_model = TerminateFields
    scope = Scope.ADMIN
    idempotent_after = (EndReason.TERMINATED,)

    def apply(self, uow: SessionUnitOfWork) -> list[Problem]:
        end_session(uow, self.now, EndReason.TERMINATED, {"reason": self.fields.reason, "by": self.caller.name})
        return []


def ended_problem(uow: SessionUnitOfWork, input_path: tuple[str, ...]) -> Problem:
    """Why nothing can be done to a session that is over."""
    message = f"the session is over ({uow.session.end_reason}) and does not come back; start a new one"
    return Problem((*input_path, "id"), message, ProblemCode.SESSION_ENDED)
