"""The inputs of calls that name a session, and of projects; those of a start are in `schema.kinds`."""

import strawberry

from models.kinds.agenda_update import AgendaUpdateFields
from models.kinds.commands import HeartbeatFields, KeepaliveFields, TerminateFields
from models.kinds.field import SaveFieldDataFields
from models.kinds.project import KindTimeoutFields, ProjectFields
from schema.forms import DataPointInput
from schema.media import MediaPingInput
from schema.model_types import input_from


@input_from(KeepaliveFields, "A sign of life of a client: it is there, visible or not, and on this path.")
class KeepaliveSessionInput:
    id: strawberry.ID
    media: MediaPingInput | None


@input_from(HeartbeatFields, "The subject went out of sight; the session goes on.")
class HideSessionInput:
    id: strawberry.ID
    path: list[str] | None = strawberry.field(
        default=strawberry.UNSET,
        description="The path that is being left, at most 8 segments of 1 to 512 characters; the one it is on where "
        "not given. The time since the last call counts for it.",
    )
    media: MediaPingInput | None


@input_from(HeartbeatFields, "The client is done; the session ends.")
class StopSessionInput:
    id: strawberry.ID
    path: list[str] | None = strawberry.field(
        default=strawberry.UNSET,
        description="The path that is being left, at most 8 segments of 1 to 512 characters; the one it is on where "
        "not given. The time since the last call counts for it.",
    )
    media: MediaPingInput | None


@input_from(SaveFieldDataFields, "Answers of a form that changed or are new.")
class SaveFieldDataInput:
    id: strawberry.ID
    data: list[DataPointInput]


@input_from(TerminateFields, "The end of somebody else's session.")
class TerminateSessionInput:
    id: strawberry.ID


@input_from(
    AgendaUpdateFields,
    "A change of an AGENDA session. What is not given stays as it is, null clears what may be empty; the session that "
    "comes of it must keep the rules of a start.",
)
class UpdateAgendaSessionInput:
    id: strawberry.ID


@input_from(KindTimeoutFields, "The silence that ends sessions of one kind in a project.")
class KindTimeoutInput:
    pass


@input_from(
    ProjectFields,
    "A project. In an update what is not given stays as it is, and null clears what may be empty.",
)
class ProjectInput:
    id: strawberry.ID | None
    timeouts: list[KindTimeoutInput] | None
