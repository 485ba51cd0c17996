"""Results of mutations."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from models.enums import ProblemCode
from models.problems import Problem, quote
from models.tables.rows import Project, Session, Token


@dataclass(frozen=True, slots=True)
class MutationResult:
    """What a mutation returns; the schema's payloads read its fields by name."""

    session: Session | None = None
    """After the command, or unchanged if that was refused."""
    problems: list[Problem] = field(default_factory=list)
    created: bool = False
    keepalive_seconds: int | None = None
    """When to send the next keepalive: a third of the timeout, at most 120; null without a timeout."""
    project: Project | None = None
    token: Token | None = None
    secret: str | None = field(default=None, repr=False)
    """Of a token that was created."""
    id: str | None = None
    """Of what was deleted."""
    count: int = 0
    """Of sessions that were changed."""
    results: Sequence["MutationResult"] = ()
    """One for each part of the input that succeeds or fails alone."""


def failure(*problems: Problem) -> MutationResult:
    return MutationResult(problems=list(problems))


def not_found(session_id: str, *path: str) -> MutationResult:
    """Report an id that is unknown or outside the caller's projects: the two must look the same."""
    return failure(Problem(path, f"must be the id of a session, not {quote(session_id)}", ProblemCode.NOT_FOUND))
