"""What can be done."""

from typing import Annotated, TypeAlias

import strawberry

from resolvers import lifecycle
from resolvers.lifecycle import MutationResult, save_field_data
from resolvers.projects import service
from resolvers.projects.service import ProjectResult
from schema.arguments import IdArg, Info
from schema.field_helpers import field
from schema.input_values import input_to_dict
from schema.inputs import (
    HideSessionInput,
    KeepaliveSessionInput,
    ProjectInput,
    SaveFieldDataInput,
    StopSessionInput,
    TerminateSessionInput,
    UpdateAgendaSessionInput,
)
from schema.kinds import StartSessionInput, unpack_start
from schema.media import TrackMediaInput
from schema.payloads import (
    DeleteSessionPayload,
    Deletion,
    ProjectPayload,
    SessionPayload,
    StartSessionPayload,
    deletion,
)

StartSessionArg: TypeAlias = Annotated[
    StartSessionInput, strawberry.argument(name="input", description="The session to start.")
]
KeepaliveSessionArg: TypeAlias = Annotated[
    KeepaliveSessionInput, strawberry.argument(name="input", description="The session, and what its client sees.")
]
KeepaliveSessionsArg: TypeAlias = Annotated[
    list[KeepaliveSessionInput],
    strawberry.argument(name="inputs", description="The sessions, at most 500, and what their clients see."),
]
HideSessionArg: TypeAlias = Annotated[
    HideSessionInput, strawberry.argument(name="input", description="The session, and what is being left.")
]
StopSessionArg: TypeAlias = Annotated[
    StopSessionInput, strawberry.argument(name="input", description="The session, and what is being left.")
]
UpdateAgendaSessionArg: TypeAlias = Annotated[
    UpdateAgendaSessionInput, strawberry.argument(name="input", description="The session, and what is to be of it.")
]
TrackMediaArg: TypeAlias = Annotated[
    TrackMediaInput, strawberry.argument(name="input", description="The session, and the events of its player.")
]
SaveFieldDataArg: TypeAlias = Annotated[
    SaveFieldDataInput, strawberry.argument(name="input", description="The session, and its answers.")
]
TerminateSessionArg: TypeAlias = Annotated[
    TerminateSessionInput, strawberry.argument(name="input", description="The session, and the reason.")
]
ProjectArg: TypeAlias = Annotated[
    ProjectInput, strawberry.argument(name="input", description="What the project is to say.")
]


@strawberry.type(description="What can be done. The mutations of one document are done one after another.")
class Mutation:
    @field("Start a session. A start that has problems stores nothing. WRITE.", graphql_type=StartSessionPayload)
    async def start_session(self, info: Info, input_: StartSessionArg) -> MutationResult:
        return await lifecycle.start_session(info.context, *unpack_start(input_))

    @field("Tell that the client is there. WRITE.", graphql_type=SessionPayload)
    async def keepalive_session(self, info: Info, input_: KeepaliveSessionArg) -> MutationResult:
        return await lifecycle.keepalive_session(info.context, input_to_dict(input_))

    @field("Tell that the subject no longer sees the session, which goes on. WRITE.", graphql_type=SessionPayload)
    async def hide_session(self, info: Info, input_: HideSessionArg) -> MutationResult:
        return await lifecycle.hide_session(info.context, input_to_dict(input_))

    @field("End a session because its client is done. WRITE.", graphql_type=SessionPayload)
    async def stop_session(self, info: Info, input_: StopSessionArg) -> MutationResult:
        return await lifecycle.stop_session(info.context, input_to_dict(input_))

    @field(
        "Tell of many clients that they are there; each input has its own answer, in order. WRITE.",
        graphql_type=list[SessionPayload],
    )
    async def keepalive_sessions(self, info: Info, inputs: KeepaliveSessionsArg) -> list[MutationResult]:
        return await lifecycle.keepalive_sessions(info.context, [input_to_dict(input_) for input_ in inputs])

    @field(
        "Change what the input names of an AGENDA session; null clears what may be empty. A start moved ahead makes it "
        "SCHEDULED again, an end moved into the past ends it there. WRITE.",
        graphql_type=SessionPayload,
    )
    async def update_agenda_session(self, info: Info, input_: UpdateAgendaSessionArg) -> MutationResult:
        return await lifecycle.update_agenda_session(info.context, input_to_dict(input_, keep_null=True))

    @field(
        "Tell what the player of a MEDIA session does, and how well: the documented events, at most 100 at a time. The "
        "call also tells that the client is there. WRITE.",
        graphql_type=SessionPayload,
    )
    async def track_media(self, info: Info, input_: TrackMediaArg) -> MutationResult:
        return await lifecycle.track_media(info.context, input_to_dict(input_))

    @field(
        "Save data points of a FIELD session; those that are not named stay as they are. WRITE.",
        graphql_type=SessionPayload,
    )
    async def save_field_data(self, info: Info, input_: SaveFieldDataArg) -> MutationResult:
        return await save_field_data.save_field_data(info.context, input_to_dict(input_))

    @field("End somebody else's session, with a reason kept on its timeline. ADMIN.", graphql_type=SessionPayload)
    async def terminate_session(self, info: Info, input_: TerminateSessionArg) -> MutationResult:
        return await lifecycle.terminate_session(info.context, input_to_dict(input_))

    @field("Remove a session, its timeline, points and files. ADMIN.", graphql_type=DeleteSessionPayload)
    async def delete_session(self, info: Info, id_: IdArg) -> Deletion:
        return deletion(id_, await lifecycle.delete_session(info.context, id_))

    @field("Make a project, with an id of the caller's own choice. ADMIN.", graphql_type=ProjectPayload)
    async def create_project(self, info: Info, input_: ProjectArg) -> ProjectResult:
        return await service.create_project(info.context, input_to_dict(input_))

    @field(
        "Change what the input names of a project; null clears what may be empty. ADMIN.", graphql_type=ProjectPayload
    )
    async def update_project(self, info: Info, id_: IdArg, input_: ProjectArg) -> ProjectResult:
        return await service.update_project(info.context, id_, input_to_dict(input_, keep_null=True))
