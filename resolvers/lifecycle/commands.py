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
from models.kinds.commands import HeardFields, KeepaliveFields, TerminateFields, TrackMediaFields
from models.session_rules import is_scheduled
from resolvers.access import Caller
from resolvers.errors import Problem
from resolvers.lifecycle.heartbeat import NOWHERE, Whereabouts, hear, move, show
from resolvers.lifecycle.media_ingest import refuse_player, take_reports
from resolvers.lifecycle.media_player import Report, report_of, reports_of
from resolvers.lifecycle.unit_of_work import Draft, finish, schedule
from resolvers.media.event import HIDE, STOP


@dataclass(frozen=True, slots=True)
class Call(ABC):
    """One call that names a session: who, when, and what it says."""

    caller: Caller
    now: Instant
    fields: Any
    at: tuple[str, ...]
    """Where its input stands in the mutation, for the paths of problems."""
    reports: tuple[Report, ...] = ()
    """What it tells of a player."""

    model: ClassVar[type[KindFields]]
    """What it may say."""
    scope: ClassVar[Scope] = Scope.WRITE
    repeatable_after: ClassVar[tuple[EndReason, ...]] = ()
    """Ends after which this call answers the session unchanged, because it is what the call wanted."""

    @classmethod
    def of(cls, caller: Caller, now: Instant, fields: Any, at: tuple[str, ...]) -> Self:
        """The call whose input was checked."""
        return cls(caller, now, fields, at, cls.reports_in(fields, at))

    @classmethod
    def reports_in(cls, fields: Any, at: tuple[str, ...]) -> tuple[Report, ...]:  # noqa: ARG003 - most calls have none
        """What an input tells of a player."""
        return ()

    @classmethod  # noqa: B027 - most calls need the row alone
    def read(cls, tx: Connection, drafts: Sequence[Draft]) -> None:
        """Read into the drafts of the sessions that calls of this class name what the rules need besides the row."""

    def is_moot(self, draft: Draft) -> bool:  # noqa: ARG002 - most calls can't be
        """Whether it leaves the session as it is: a later call arrived before it, or it says what is so already."""
        return False

    def refusals(self, draft: Draft) -> list[Problem]:  # noqa: ARG002 - most calls have none
        """What forbids the whole call for this session."""
        return []

    @abstractmethod
    def apply(self, draft: Draft) -> list[Problem]:
        """Do it to a session that is not over; what is refused within an accepted call comes back."""


@dataclass(frozen=True, slots=True)
class HeardCall(Call):
    """A call by which the session's own client is heard."""

    fields: HeardFields
    model = HeardFields
    what: ClassVar[str]
    """The type of event that its `media` is."""

    @classmethod
    def reports_in(cls, fields: HeardFields, at: tuple[str, ...]) -> tuple[Report, ...]:
        return report_of(fields.media, cls.what, at)

    def is_moot(self, draft: Draft) -> bool:
        sequence, last = self.fields.sequence, draft.session.sequence
        return sequence is not None and last is not None and sequence <= last

    def refusals(self, draft: Draft) -> list[Problem]:
        return refuse_player(draft, (*self.at, "media")) if self.reports else []

    def take_sequence(self, draft: Draft) -> None:
        """Remember the highest number."""
        if self.fields.sequence is not None:
            draft.session.sequence = max(self.fields.sequence, draft.session.sequence or 0)

    def take_player(self, draft: Draft) -> tuple[list[Problem], Whereabouts]:
        """Note where the player is, if the call says so; what is wrong with that, and what the timeline shows of it."""
        if not self.reports:
            return [], NOWHERE
        (report,) = self.reports
        problems = take_reports(draft, self.reports, self.now)
        if not problems:
            return [], Whereabouts(report.event.ts, report.data)
        if problems[0].code == ProblemCode.LATE_EVENT:
            return problems, Whereabouts(report.event.ts, report.data | {"flag": EventFlag.LATE.value})
        return problems, NOWHERE


@dataclass(frozen=True, slots=True)
class Keepalive(HeardCall):
    """The client is there, visible or not, perhaps on another path."""

    fields: KeepaliveFields
    model = KeepaliveFields
    what = MediaEventType.PING.value

    def apply(self, draft: Draft) -> list[Problem]:
        hear(draft, self.now)
        problems, player = self.take_player(draft)
        show(draft, self.now, visible=self.fields.visible, player=player)
        if self.fields.path is not None:
            move(draft, self.now, self.fields.path, player)
        self.take_sequence(draft)
        schedule(draft.session)
        return problems


@dataclass(frozen=True, slots=True)
class Hide(HeardCall):
    """The client went out of sight."""

    what = HIDE

    def apply(self, draft: Draft) -> list[Problem]:
        hear(draft, self.now, left=self.fields.path)
        problems, player = self.take_player(draft)
        show(draft, self.now, visible=False, player=player)
        self.take_sequence(draft)
        schedule(draft.session)
        return problems


@dataclass(frozen=True, slots=True)
class Stop(HeardCall):
    """The client is done. It is never overtaken."""

    what = STOP
    repeatable_after = (EndReason.STOPPED, EndReason.CANCELLED)

    def is_moot(self, draft: Draft) -> bool:  # noqa: ARG002 - see above
        return False

    def apply(self, draft: Draft) -> list[Problem]:
        hear(draft, self.now, left=self.fields.path)
        self.take_sequence(draft)
        problems, player = self.take_player(draft)
        reason = EndReason.CANCELLED if is_scheduled(draft.session, self.now) else EndReason.STOPPED
        finish(draft, self.now, reason, dict(player.data), client_at=player.client_at)
        return problems


@dataclass(frozen=True, slots=True)
class TrackMedia(Call):
    """The player of a MEDIA session tells what happened; that its client is there goes without saying."""

    fields: TrackMediaFields
    model = TrackMediaFields

    @classmethod
    def reports_in(cls, fields: TrackMediaFields, at: tuple[str, ...]) -> tuple[Report, ...]:
        return reports_of(fields, at)

    def refusals(self, draft: Draft) -> list[Problem]:
        return refuse_player(draft, (*self.at, "id"))

    def apply(self, draft: Draft) -> list[Problem]:
        hear(draft, self.now)
        problems = take_reports(draft, self.reports, self.now)
        schedule(draft.session)
        return problems


@dataclass(frozen=True, slots=True)
class Terminate(Call):
    """An administrator ends it. The client is not heard by that."""

    fields: TerminateFields
    model = TerminateFields
    scope = Scope.ADMIN
    repeatable_after = (EndReason.TERMINATED,)

    def apply(self, draft: Draft) -> list[Problem]:
        finish(draft, self.now, EndReason.TERMINATED, {"reason": self.fields.reason, "by": self.caller.name})
        return []


def ended_problem(draft: Draft, at: tuple[str, ...]) -> Problem:
    """Why nothing can be done to a session that is over."""
    message = f"the session is over ({draft.session.end_reason}) and does not come back; start a new one"
    return Problem(ProblemCode.SESSION_ENDED, message, (*at, "id"))
