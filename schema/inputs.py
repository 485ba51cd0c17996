"""Inputs of mutations on sessions, projects and tokens. Those of a start are in `schema.kinds`."""

from typing import Any

import strawberry

from models.kinds.agenda import AgendaUpdateFields
from models.kinds.commands import HeartbeatFields, KeepaliveFields, TerminateFields, TerminationFields
from models.kinds.field import SaveFieldDataFields
from models.kinds.project import KindTimeoutFields, NewProjectFields, ProjectFields
from models.kinds.token import NewTokenFields
from schema.filters import SessionFilter
from schema.forms import DataPointInput
from schema.media import MediaPingInput
from schema.model_types import input_from


def _left_path() -> Any:
    return strawberry.field(
        default=strawberry.UNSET,
        description="The path that the subject leaves, at most 8 segments of 1 to 512 characters; by default the "
        "current one. The time since the last call is credited to it.",
    )


@input_from(KeepaliveFields, "A heartbeat of a client, with its visibility and path.")
class KeepaliveSessionInput:
    id: strawberry.ID
    media: MediaPingInput | None


@strawberry.input(description="Heartbeats of many sessions.")
class KeepaliveSessionsInput:
    sessions: list[KeepaliveSessionInput] = strawberry.field(description="One for each session, at most 500.")


@input_from(HeartbeatFields, "The subject no longer sees the session, which stays active.")
class HideSessionInput:
    id: strawberry.ID
    path: list[str] | None = _left_path()
    media: MediaPingInput | None


@input_from(HeartbeatFields, "The client ends the session.")
class StopSessionInput:
    id: strawberry.ID
    path: list[str] | None = _left_path()
    media: MediaPingInput | None


@input_from(SaveFieldDataFields, "Answers of a form to change, to add or to remove.")
class SaveFieldDataInput:
    id: strawberry.ID
    data: list[DataPointInput]


@input_from(TerminateFields, "An administrator ends the session.")
class TerminateSessionInput:
    id: strawberry.ID


@input_from(
    AgendaUpdateFields,
    "An update of an AGENDA session. Omitted fields stay unchanged, null clears optional ones; the result must satisfy "
    "the rules of a start.",
    null_clears=True,
)
class UpdateAgendaSessionInput:
    id: strawberry.ID


@input_from(KindTimeoutFields, "Timeout of the sessions of one kind in a project.")
class KindTimeoutInput: ...


@input_from(TerminationFields, "An administrator ends all active sessions that match a filter.")
class TerminateSessionsInput:
    filter: SessionFilter = strawberry.field(
        description="Which of the active sessions; an empty filter means all in the caller's projects."
    )


@strawberry.input(description="The session is deleted.")
class DeleteSessionInput:
    id: strawberry.ID = strawberry.field(description="The id of the session.")


@input_from(NewProjectFields, "A new project.")
class CreateProjectInput:
    id: strawberry.ID
    timeouts: list[KindTimeoutInput] | None


@input_from(
    ProjectFields,
    "An update of a project. Omitted fields stay unchanged; null for `timeouts` restores the defaults of all kinds.",
    null_clears=True,
)
class UpdateProjectInput:
    id: strawberry.ID
    timeouts: list[KindTimeoutInput] | None


@strawberry.input(description="The project is deleted.")
class DeleteProjectInput:
    id: strawberry.ID = strawberry.field(description="The id of the project.")


@input_from(NewTokenFields, "A new token.")
class CreateTokenInput:
    project_ids: list[strawberry.ID] | None


@strawberry.input(description="The token is revoked.")
class RevokeTokenInput:
    id: strawberry.ID = strawberry.field(description="The id of the token.")
