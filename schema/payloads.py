"""Results of mutations: one type for each, all read from a `MutationResult`."""

import strawberry

from schema.enums import ProblemCode
from schema.session import Project, Session
from schema.tokens import Token


@strawberry.type(description="A problem that the caller can act on, never an internal error.")
class Problem:
    code: ProblemCode = strawberry.field(description="Kind of problem.")
    message: str = strawberry.field(description="What is wrong, or what is allowed, for people to read.")
    path: list[str] = strawberry.field(
        description="Position in the arguments, such as `input`, `variant`, `client`; an item of a list by its index."
    )


# Types whose names begin with an underscore are not in the schema: those that are have their fields.


@strawberry.type
class _Payload:
    problems: list[Problem] = strawberry.field(
        description="All problems with the input, at most 1,000, in its order; empty if the call succeeded."
    )


@strawberry.interface(description="Result of a mutation of one session.")
class SessionPayload(_Payload):
    session: Session | None = strawberry.field(
        description="The session as it is now, also if the call changed nothing; null if there is none for the caller."
    )


@strawberry.type
class _OpenSessionPayload(SessionPayload):
    keepalive_seconds: int | None = strawberry.field(
        description="Seconds until the next keepalive is due; null if the session has ended or does not expire."
    )


@strawberry.type
class _DeletionPayload(_Payload):
    id: strawberry.ID | None = strawberry.field(description="Id of what was deleted; null if nothing was.")


@strawberry.type
class _ProjectPayload(_Payload):
    project: Project | None = strawberry.field(
        description="The project as it is now, also if the call changed nothing; null if there is none for the caller."
    )


@strawberry.type(description="Result of `startSession`.")
class StartSessionPayload(_OpenSessionPayload):
    created: bool = strawberry.field(
        description="Whether the call created the session; false if it returns one that was started earlier."
    )


@strawberry.type(description="Result of `keepaliveSession`, and of one session of `keepaliveSessions`.")
class KeepaliveSessionPayload(_OpenSessionPayload): ...


@strawberry.type(description="Result of `hideSession`.")
class HideSessionPayload(_OpenSessionPayload): ...


@strawberry.type(description="Result of `stopSession`.")
class StopSessionPayload(SessionPayload): ...


@strawberry.type(description="Result of `keepaliveSessions`.")
class KeepaliveSessionsPayload(_Payload):
    results: list[KeepaliveSessionPayload] = strawberry.field(
        description="One for each session of the input, in order; empty if `problems` is not."
    )


@strawberry.type(description="Result of `trackMedia`.")
class TrackMediaPayload(_OpenSessionPayload): ...


@strawberry.type(description="Result of `saveFieldData`.")
class SaveFieldDataPayload(SessionPayload): ...


@strawberry.type(description="Result of `updateAgendaSession`.")
class UpdateAgendaSessionPayload(SessionPayload): ...


@strawberry.type(description="Result of `terminateSession`.")
class TerminateSessionPayload(SessionPayload): ...


@strawberry.type(description="Result of `terminateSessions`.")
class TerminateSessionsPayload(_Payload):
    count: int = strawberry.field(description="Number of sessions that the call ended, 0 to 1,000.")


@strawberry.type(description="Result of `deleteSession`.")
class DeleteSessionPayload(_DeletionPayload): ...


@strawberry.type(description="Result of `createProject`.")
class CreateProjectPayload(_ProjectPayload): ...


@strawberry.type(description="Result of `updateProject`.")
class UpdateProjectPayload(_ProjectPayload): ...


@strawberry.type(description="Result of `deleteProject`.")
class DeleteProjectPayload(_DeletionPayload): ...


@strawberry.type(description="Result of `createToken`.")
class CreateTokenPayload(_Payload):
    token: Token | None = strawberry.field(description="The token; null if none was created.")
    secret: str | None = strawberry.field(
        description="What its caller sends, as `Authorization: Bearer <secret>`. Shown once; null if none was created."
    )


@strawberry.type(description="Result of `revokeToken`.")
class RevokeTokenPayload(_Payload):
    token: Token | None = strawberry.field(description="The token as it is now; null if there is none for the caller.")
