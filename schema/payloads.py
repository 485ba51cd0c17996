"""What mutations answer."""

from typing import NamedTuple

import strawberry

from models.problems import Problem as ModelProblem
from resolvers.lifecycle import MutationResult
from schema.enums import ProblemCode
from schema.project import Project
from schema.session import Session


@strawberry.type(description="Something the caller can act on. Never an internal error.")
class Problem:
    code: ProblemCode = strawberry.field(description="What kind of thing it is.")
    message: str = strawberry.field(description="What is wrong, or what is allowed, in words.")
    path: list[str] = strawberry.field(description="Where in the arguments, such as `input`, `variant`, `client`.")


@strawberry.type(description="What starting a session answers.")
class StartSessionPayload:
    session: Session | None = strawberry.field(description="The session; null where a problem kept it from starting.")
    created: bool = strawberry.field(description="Whether it is new; false where an earlier start is answered again.")
    keepalive_seconds: int | None = strawberry.field(
        description="In how many seconds to send the next keepalive; null where silence does not end it."
    )
    problems: list[Problem] = strawberry.field(description="What is wrong; empty where all went well.")


@strawberry.type(description="What a call that names a session answers.")
class SessionPayload:
    session: Session | None = strawberry.field(
        description="The session after the call, or as it is where the call changed nothing; null where there is none."
    )
    keepalive_seconds: int | None = strawberry.field(
        description="In how many seconds to send the next keepalive; null where there is no need."
    )
    problems: list[Problem] = strawberry.field(description="What is wrong; empty where all went well.")


@strawberry.type(description="What deleting a session answers.")
class DeleteSessionPayload:
    id: strawberry.ID | None = strawberry.field(description="The id of the session that is gone; null where none was.")
    problems: list[Problem] = strawberry.field(description="What is wrong; empty where all went well.")


@strawberry.type(description="What making or changing a project answers.")
class ProjectPayload:
    project: Project | None = strawberry.field(description="The project; null where a problem kept it as it was.")
    problems: list[Problem] = strawberry.field(description="What is wrong; empty where all went well.")


class Deletion(NamedTuple):
    """What `DeleteSessionPayload` shows."""

    id: str | None
    problems: list[ModelProblem]


def deletion(session_id: str, outcome: MutationResult) -> Deletion:
    """The answer to a deletion: without problems the session is gone."""
    return Deletion(None if outcome.problems else session_id, outcome.problems)
