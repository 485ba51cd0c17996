"""What a change answers."""

from dataclasses import dataclass, field
from typing import Final

from models.clock import Instant
from models.enums import ProblemCode, State
from models.session_rules import state
from models.tables.session import Session
from resolvers.errors import Problem

LONGEST_SILENCE: Final = 120
"""Seconds between two keepalives at most, however long the timeout."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The session after the change, or as it is where the change was refused, and why it was."""

    session: Session | None
    problems: list[Problem] = field(default_factory=list)
    created: bool = False
    keepalive_seconds: int | None = None
    """When the client should call next: a third of the timeout, at most 120; null without one."""


def outcome(s: Session, now: Instant, *problems: Problem, created: bool = False) -> Outcome:
    """The answer that shows a session."""
    going = s.timeout_seconds is not None and state(s, now) != State.ENDED
    keepalive = min(s.timeout_seconds // 3, LONGEST_SILENCE) if going and s.timeout_seconds is not None else None
    return Outcome(s, list(problems), created, keepalive)


def refused(*problems: Problem) -> Outcome:
    """The answer that has no session to show."""
    return Outcome(None, list(problems))


def not_found(*path: str) -> Outcome:
    """The answer for an id that is unknown or outside the caller's projects: the two look the same."""
    return refused(Problem(ProblemCode.NOT_FOUND, "there is no such session", path))
