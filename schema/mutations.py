"""Mutations."""

from typing import Annotated, Final

import strawberry

from resolvers.lifecycle import save_field_data
from resolvers.lifecycle import service as lifecycle
from resolvers.lifecycle.result import MutationResult
from resolvers.projects import service as projects
from schema.arguments import IdArg, Info
from schema.field_helpers import field
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
from schema.model_types import input_to_dict
from schema.payloads import DeleteSessionPayload, ProjectPayload, SessionPayload, StartSessionPayload

INPUT: Final = strawberry.argument(name="input", description="Input of the mutation.")
INPUTS: Final = strawberry.argument(name="inputs", description="One input for each session, at most 500.")


@strawberry.type(description="Mutations. Those of one operation run one after another.")
class Mutation:
    @field(
        "Start a session. Nothing is stored if there are problems. Requires WRITE.", graphql_type=StartSessionPayload
    )
    async def start_session(self, info: Info, input_: Annotated[StartSessionInput, INPUT]) -> MutationResult:
        return await lifecycle.start_session(info.context, *unpack_start(input_))

    @field(
        "Keep a session alive, and update its visibility and path. Requires WRITE.",
        graphql_type=SessionPayload,
    )
    async def keepalive_session(self, info: Info, input_: Annotated[KeepaliveSessionInput, INPUT]) -> MutationResult:
        return await lifecycle.keepalive_session(info.context, input_to_dict(input_))

    @field("Report that a session is no longer visible; it stays active. Requires WRITE.", graphql_type=SessionPayload)
    async def hide_session(self, info: Info, input_: Annotated[HideSessionInput, INPUT]) -> MutationResult:
        return await lifecycle.hide_session(info.context, input_to_dict(input_))

    @field("End a session that its client no longer uses. Requires WRITE.", graphql_type=SessionPayload)
    async def stop_session(self, info: Info, input_: Annotated[StopSessionInput, INPUT]) -> MutationResult:
        return await lifecycle.stop_session(info.context, input_to_dict(input_))

    @field(
        "Keep many sessions alive. Returns one result for each input, in order. Requires WRITE.",
        graphql_type=list[SessionPayload],
    )
    async def keepalive_sessions(
        self, info: Info, inputs: Annotated[list[KeepaliveSessionInput], INPUTS]
    ) -> list[MutationResult]:
        return await lifecycle.keepalive_sessions(info.context, [input_to_dict(input_) for input_ in inputs])

    @field(
        "Update an AGENDA session. A start moved into the future makes it SCHEDULED again; an end moved into the past "
        "ends it then. Requires WRITE.",
        graphql_type=SessionPayload,
    )
    async def update_agenda_session(
        self, info: Info, input_: Annotated[UpdateAgendaSessionInput, INPUT]
    ) -> MutationResult:
        return await lifecycle.update_agenda_session(info.context, input_to_dict(input_, keep_null=True))

    @field(
        "Record events of the player of a MEDIA session, at most 100. Also keeps the session alive. Requires WRITE.",
        graphql_type=SessionPayload,
    )
    async def track_media(self, info: Info, input_: Annotated[TrackMediaInput, INPUT]) -> MutationResult:
        return await lifecycle.track_media(info.context, input_to_dict(input_))

    @field(
        "Save data points of a FIELD session; data points that are not named stay unchanged. Requires WRITE.",
        graphql_type=SessionPayload,
    )
    async def save_field_data(self, info: Info, input_: Annotated[SaveFieldDataInput, INPUT]) -> MutationResult:
        return await save_field_data.save_field_data(info.context, input_to_dict(input_))

    @field("End any session, with a reason for its timeline. Requires ADMIN.", graphql_type=SessionPayload)
    async def terminate_session(self, info: Info, input_: Annotated[TerminateSessionInput, INPUT]) -> MutationResult:
        return await lifecycle.terminate_session(info.context, input_to_dict(input_))

    @field("Delete a session with its timeline, data points and files. Requires ADMIN.")
    async def delete_session(self, info: Info, id_: IdArg) -> DeleteSessionPayload:
        return DeleteSessionPayload.from_result(id_, await lifecycle.delete_session(info.context, id_))

    @field("Create a project. The input has its id. Requires ADMIN.", graphql_type=ProjectPayload)
    async def create_project(self, info: Info, input_: Annotated[ProjectInput, INPUT]) -> MutationResult:
        return await projects.create_project(info.context, input_to_dict(input_))

    @field("Update a project. Requires ADMIN.", graphql_type=ProjectPayload)
    async def update_project(self, info: Info, id_: IdArg, input_: Annotated[ProjectInput, INPUT]) -> MutationResult:
        return await projects.update_project(info.context, id_, input_to_dict(input_, keep_null=True))
