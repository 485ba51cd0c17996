"""Mutations."""

from typing import Annotated, Any

import strawberry

from resolvers.lifecycle import save_field_data
from resolvers.lifecycle import service as lifecycle
from resolvers.lifecycle.bulk_termination import terminate_sessions
from resolvers.lifecycle.result import MutationResult
from resolvers.projects import service as projects
from resolvers.tokens import service as tokens
from schema import payloads
from schema.arguments import Info, Values
from schema.field_helpers import QUERY_WEIGHT, field
from schema.inputs import (
    CreateProjectInput,
    CreateTokenInput,
    DeleteProjectInput,
    DeleteSessionInput,
    HideSessionInput,
    KeepaliveSessionInput,
    KeepaliveSessionsInput,
    RevokeTokenInput,
    SaveFieldDataInput,
    StopSessionInput,
    TerminateSessionInput,
    TerminateSessionsInput,
    UpdateAgendaSessionInput,
    UpdateProjectInput,
)
from schema.kinds import StartSessionInput, unpack_start
from schema.media import TrackMediaInput
from transport.executor.selection import selected_attributes


def _input(type_: type) -> Any:
    return strawberry.argument(name="input", description="Input of the mutation.", graphql_type=type_)


@strawberry.type(
    description="Mutations. Those of one operation run one after another. Each has a payload of its own, with all "
    "problems of its input; a missing scope and a server that cannot write are errors, and the payload is null."
)
class Mutation:
    @field(
        "Start a session. Nothing is stored if there are problems. Requires WRITE.",
        graphql_type=payloads.StartSessionPayload | None,
    )
    async def start_session(self, info: Info, input_: Annotated[Values, _input(StartSessionInput)]) -> MutationResult:
        return await lifecycle.start_session(info.context, *unpack_start(input_))

    @field(
        "Keep a session alive, and change its visibility and path where the input has them. Requires WRITE.",
        graphql_type=payloads.KeepaliveSessionPayload | None,
    )
    async def keepalive_session(
        self, info: Info, input_: Annotated[Values, _input(KeepaliveSessionInput)]
    ) -> MutationResult:
        return await lifecycle.keepalive_session(info.context, input_, selected_attributes(info, "session"))

    @field(
        "Report that a session is no longer visible; it stays active. Takes an AGENDA item off the public programme. "
        "Requires WRITE.",
        graphql_type=payloads.HideSessionPayload | None,
    )
    async def hide_session(self, info: Info, input_: Annotated[Values, _input(HideSessionInput)]) -> MutationResult:
        return await lifecycle.hide_session(info.context, input_, selected_attributes(info, "session"))

    @field(
        "End a session that its client no longer uses. Requires WRITE.",
        graphql_type=payloads.StopSessionPayload | None,
    )
    async def stop_session(self, info: Info, input_: Annotated[Values, _input(StopSessionInput)]) -> MutationResult:
        return await lifecycle.stop_session(info.context, input_, selected_attributes(info, "session"))

    @field(
        "Keep many sessions alive, at most 500; each fails alone. Requires WRITE.",
        graphql_type=payloads.KeepaliveSessionsPayload | None,
        sized_by=("input", "sessions"),
    )
    async def keepalive_sessions(
        self, info: Info, input_: Annotated[Values, _input(KeepaliveSessionsInput)]
    ) -> MutationResult:
        shown = selected_attributes(info, "results", "session")
        return await lifecycle.keepalive_sessions(info.context, input_["sessions"], shown)

    @field(
        "Update an AGENDA session. A start moved into the future makes it SCHEDULED again; an end moved into the past "
        "ends it then. After its end, all but `startTime`, `endTime` and `allDay` can still change. Requires WRITE.",
        graphql_type=payloads.UpdateAgendaSessionPayload | None,
    )
    async def update_agenda_session(
        self, info: Info, input_: Annotated[Values, _input(UpdateAgendaSessionInput)]
    ) -> MutationResult:
        return await lifecycle.update_agenda_session(info.context, input_)

    @field(
        "Record events of the player of a MEDIA session, at most 100. Also keeps the session alive. Requires WRITE.",
        graphql_type=payloads.TrackMediaPayload | None,
    )
    async def track_media(self, info: Info, input_: Annotated[Values, _input(TrackMediaInput)]) -> MutationResult:
        return await lifecycle.track_media(info.context, input_, selected_attributes(info, "session"))

    @field(
        "Save and remove data points of a FIELD session, also after its end; data points that are not named stay "
        "unchanged. Requires WRITE.",
        graphql_type=payloads.SaveFieldDataPayload | None,
    )
    async def save_field_data(
        self, info: Info, input_: Annotated[Values, _input(SaveFieldDataInput)]
    ) -> MutationResult:
        return await save_field_data.save_field_data(info.context, input_)

    @field(
        "End any session, with a reason for its timeline. Requires ADMIN.",
        graphql_type=payloads.TerminateSessionPayload | None,
    )
    async def terminate_session(
        self, info: Info, input_: Annotated[Values, _input(TerminateSessionInput)]
    ) -> MutationResult:
        return await lifecycle.terminate_session(info.context, input_, selected_attributes(info, "session"))

    @field(
        "End active sessions that match a filter, the oldest first, at most 1,000: repeat the call until `count` is 0. "
        "The reason is kept on the timeline of each. Sessions that have not begun, or whose deadline has passed, are "
        "left as they are. Requires ADMIN.",
        graphql_type=payloads.TerminateSessionsPayload | None,
        weight=QUERY_WEIGHT,
    )
    async def terminate_sessions(
        self, info: Info, input_: Annotated[Values, _input(TerminateSessionsInput)]
    ) -> MutationResult:
        values = {name: value for name, value in input_.items() if name != "filter"}
        return await terminate_sessions(info.context, input_["filter"], values)

    @field(
        "Delete a session with its timeline, data points and files. Requires ADMIN.",
        graphql_type=payloads.DeleteSessionPayload | None,
    )
    async def delete_session(self, info: Info, input_: Annotated[Values, _input(DeleteSessionInput)]) -> MutationResult:
        return await lifecycle.delete_session(info.context, input_["id"])

    @field("Create a project. Requires ADMIN.", graphql_type=payloads.CreateProjectPayload | None)
    async def create_project(self, info: Info, input_: Annotated[Values, _input(CreateProjectInput)]) -> MutationResult:
        return await projects.create_project(info.context, input_)

    @field("Update a project. Requires ADMIN.", graphql_type=payloads.UpdateProjectPayload | None)
    async def update_project(self, info: Info, input_: Annotated[Values, _input(UpdateProjectInput)]) -> MutationResult:
        return await projects.update_project(info.context, input_)

    @field(
        "Delete a project that has no sessions, ended ones included. The project `default` cannot be deleted: sessions "
        "that start without `projectId` belong to it. Tokens keep naming the project: if one is created again under "
        "its id, they can access that. Requires ADMIN.",
        graphql_type=payloads.DeleteProjectPayload | None,
    )
    async def delete_project(self, info: Info, input_: Annotated[Values, _input(DeleteProjectInput)]) -> MutationResult:
        return await projects.delete_project(info.context, input_["id"])

    @field(
        "Create a token. It is never less restricted than the caller: not in scopes, projects, kinds, origins or "
        "expiry. Each call creates another one. Requires ADMIN.",
        graphql_type=payloads.CreateTokenPayload | None,
    )
    async def create_token(self, info: Info, input_: Annotated[Values, _input(CreateTokenInput)]) -> MutationResult:
        return await tokens.create_token(info.context, input_)

    @field(
        "Revoke a token: requests with it are refused at once, and what is open ends within 5 seconds. A revoked token "
        "stays as it is. Requires ADMIN.",
        graphql_type=payloads.RevokeTokenPayload | None,
    )
    async def revoke_token(self, info: Info, input_: Annotated[Values, _input(RevokeTokenInput)]) -> MutationResult:
        return await tokens.revoke_token(info.context, input_["id"])
