"""What a call does to a session: keepalive, hide, stop, terminate. Rules only; the batch around them is `calling`."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

from models.clock import Instant
from models.kinds.base import KindFields
from models.kinds.calls import HeardFields, KeepaliveFields, TerminateFields
from models.rule import is_scheduled
from models.words import EndReason, ProblemCode, Scope
from resolvers.access import Caller
from resolvers.errors import Problem
from resolvers.lifecycle.draft import Draft, finish, schedule
from resolvers.lifecycle.hearing import hear, move, show
from resolvers.lifecycle.pinging import refuse_ping, take_ping


@dataclass(frozen=True, slots=True)
class Call(ABC):
    """One call that names a session: who, when, and what it says."""

    caller: Caller
    now: Instant
    fields: Any
    at: tuple[str, ...]
    """Where its input stands in the mutation, for the paths of problems."""

    model: ClassVar[type[KindFields]]
    """What it may say."""
    scope: ClassVar[Scope] = Scope.WRITE
    repeatable_after: ClassVar[tuple[EndReason, ...]] = ()
    """Ends after which this call answers the session unchanged, because it is what the call wanted."""

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

    def is_moot(self, draft: Draft) -> bool:
        sequence, last = self.fields.sequence, draft.session.sequence
        return sequence is not None and last is not None and sequence <= last

    def refusals(self, draft: Draft) -> list[Problem]:
        return refuse_ping(draft, self.fields.media, self.at)

    def take_sequence(self, draft: Draft) -> None:
        """Remember the highest number."""
        if self.fields.sequence is not None:
            draft.session.sequence = max(self.fields.sequence, draft.session.sequence or 0)

    def take_player(self, draft: Draft) -> list[Problem]:
        """Note where the player is, if the call says so."""
        return take_ping(draft, self.fields.media, self.now, self.at) if self.fields.media else []


@dataclass(frozen=True, slots=True)
class Keepalive(HeardCall):
    """The client is there, visible or not, perhaps on another path."""

    fields: KeepaliveFields
    model = KeepaliveFields

    def apply(self, draft: Draft) -> list[Problem]:
        hear(draft, self.now)
        show(draft, self.now, visible=self.fields.visible)
        if self.fields.path is not None:
            move(draft, self.now, self.fields.path)
        self.take_sequence(draft)
        problems = self.take_player(draft)
        schedule(draft.session)
        return problems


@dataclass(frozen=True, slots=True)
class Hide(HeardCall):
    """The client went out of sight."""

    def apply(self, draft: Draft) -> list[Problem]:
        hear(draft, self.now, left=self.fields.path)
        show(draft, self.now, visible=False)
        self.take_sequence(draft)
        problems = self.take_player(draft)
        schedule(draft.session)
        return problems


@dataclass(frozen=True, slots=True)
class Stop(HeardCall):
    """The client is done. It is never overtaken."""

    repeatable_after = (EndReason.STOPPED, EndReason.CANCELLED)

    def is_moot(self, draft: Draft) -> bool:  # noqa: ARG002 - see above
        return False

    def apply(self, draft: Draft) -> list[Problem]:
        hear(draft, self.now, left=self.fields.path)
        self.take_sequence(draft)
        problems = self.take_player(draft)
        cancelled = is_scheduled(draft.session, self.now)
        finish(draft, self.now, EndReason.CANCELLED if cancelled else EndReason.STOPPED)
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
