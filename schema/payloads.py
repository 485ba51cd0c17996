"""Results of mutations."""

from typing import Any, Final

import strawberry

from resolvers.lifecycle.result import MutationResult
from schema.enums import ProblemCode
from schema.project import Project
from schema.session import Session


@strawberry.type(description="A problem that the caller can act on, never an internal error.")
class Problem:
    code: ProblemCode = strawberry.field(description="Kind of problem.")
    message: str = strawberry.field(description="What is wrong, or what is allowed, for people to read.")
    path: list[str] = strawberry.field(description="Position in the arguments, such as `input`, `variant`, `client`.")


_PROBLEMS: Final = "Problems with the call; empty if it succeeded."


@strawberry.type(description="Result of starting a session.")
class StartSessionPayload:
    session: Session | None = strawberry.field(description="The session; null if a problem prevented the start.")
    created: bool = strawberry.field(
        description="Whether the call created the session; false if it returns one that was started earlier."
    )
    keepalive_seconds: int | None = strawberry.field(
        description="Seconds until the next keepalive is due; null if the session does not expire."
    )
    problems: list[Problem] = strawberry.field(description=_PROBLEMS)


@strawberry.type(description="Result of a call on a session.")
class SessionPayload:
    session: Session | None = strawberry.field(
        description="The session after the call; unchanged if there are problems, null if it does not exist."
    )
    keepalive_seconds: int | None = strawberry.field(
        description="Seconds until the next keepalive is due; null if the session has ended or does not expire."
    )
    problems: list[Problem] = strawberry.field(description=_PROBLEMS)


@strawberry.type(description="Result of deleting a session.")
class DeleteSessionPayload:
    id: strawberry.ID | None = strawberry.field(description="Id of the deleted session; null if there was none.")
    problems: list[Problem] = strawberry.field(description=_PROBLEMS)

    @classmethod
    def from_result(cls, session_id: str, result: MutationResult) -> "DeleteSessionPayload":
        problems: Any = result.problems
        return cls(id=None if result.problems else strawberry.ID(session_id), problems=problems)


@strawberry.type(description="Result of creating or updating a project.")
class ProjectPayload:
    project: Project | None = strawberry.field(description="The project; null if a problem prevented the change.")
    problems: list[Problem] = strawberry.field(description=_PROBLEMS)
