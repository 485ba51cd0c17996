"""What a change answers."""

from dataclasses import dataclass, field
from typing import Final

from models.clock import Instant
from models.enums import ProblemCode, State
from models.problems import Problem
from models.session_rules import state
from models.tables.session import Session

MAX_KEEPALIVE_SECONDS: Final = 120
"""Seconds between two keepalives at most, however long the timeout."""


@dataclass(frozen=True, slots=True)
class MutationResult:
    """The session after the change, or as it is where the change was refused, and why it was."""

    session: Session | None
    problems: list[Problem] = field(default_factory=list)
    created: bool = False
    keepalive_seconds: int | None = None
    """When the client should call next: a third of the timeout, at most 120; null without one."""


def session_result(s: Session, now: Instant, *problems: Problem, created: bool = False) -> MutationResult:
    """The answer that shows a session."""
    has_timeout = s.timeout_seconds is not None and state(s, now) != State.ENDED
    keepalive_seconds = (
        min(s.timeout_seconds // 3, MAX_KEEPALIVE_SECONDS) if has_timeout and s.timeout_seconds is not None else None
    )
    return MutationResult(s, list(problems), created, keepalive_seconds)


def failure(*problems: Problem) -> MutationResult:
    """The answer that has no session to show."""
    return MutationResult(None, list(problems))


def not_found(*path: str) -> MutationResult:
    """The answer for an id that is unknown or outside the caller's projects: the two look the same."""
    return failure(Problem(path, "there is no such session", ProblemCode.NOT_FOUND))
