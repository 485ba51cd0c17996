"""What can be done."""

from typing import Annotated, TypeAlias

import strawberry

from resolvers import lifecycle
from resolvers.lifecycle import Outcome, save_field_data
from resolvers.projects import service
from resolvers.projects.service import ProjectOutcome
from schema.arguments import Id, Info
from schema.field_helpers import resolved
from schema.input_values import given
from schema.inputs import (
    HideSessionInput,
    KeepaliveSessionInput,
    ProjectInput,
    SaveFieldDataInput,
    StopSessionInput,
    TerminateSessionInput,
    UpdateAgendaSessionInput,
)
from schema.kinds import StartSessionInput, given_start
from schema.media import TrackMediaInput
from schema.payloads import (
    DeleteSessionPayload,
    Deletion,
    ProjectPayload,
    SessionPayload,
    StartSessionPayload,
    deletion,
)

Start: TypeAlias = Annotated[StartSessionInput, strawberry.argument(name="input", description="The session to start.")]
Keepalive: TypeAlias = Annotated[
    KeepaliveSessionInput, strawberry.argument(name="input", description="The session, and what its client sees.")
]
Keepalives: TypeAlias = Annotated[
    list[KeepaliveSessionInput],
    strawberry.argument(name="inputs", description="The sessions, at most 500, and what their clients see."),
]
Hide: TypeAlias = Annotated[
    HideSessionInput, strawberry.argument(name="input", description="The session, and what is being left.")
]
Stop: TypeAlias = Annotated[
    StopSessionInput, strawberry.argument(name="input", description="The session, and what is being left.")
]
UpdateAgenda: TypeAlias = Annotated[
    UpdateAgendaSessionInput, strawberry.argument(name="input", description="The session, and what is to be of it.")
]
Track: TypeAlias = Annotated[
    TrackMediaInput, strawberry.argument(name="input", description="The session, and the events of its player.")
]
Save: TypeAlias = Annotated[
    SaveFieldDataInput, strawberry.argument(name="input", description="The session, and its answers.")
]
Terminate: TypeAlias = Annotated[
    TerminateSessionInput, strawberry.argument(name="input", description="The session, and the reason.")
]
Says: TypeAlias = Annotated[ProjectInput, strawberry.argument(name="input", description="What the project is to say.")]


@strawberry.type(description="What can be done. The mutations of one document are done one after another.")
class Mutation:
    @resolved("Start a session. A start that has problems stores nothing. WRITE.", of=StartSessionPayload)
    async def start_session(self, info: Info, start: Start) -> Outcome:
        return await lifecycle.start_session(info.context, *given_start(start))

    @resolved("Tell that the client is there. WRITE.", of=SessionPayload)
    async def keepalive_session(self, info: Info, keepalive: Keepalive) -> Outcome:
        return await lifecycle.keepalive_session(info.context, given(keepalive))

    @resolved("Tell that the subject no longer sees the session, which goes on. WRITE.", of=SessionPayload)
    async def hide_session(self, info: Info, hide: Hide) -> Outcome:
        return await lifecycle.hide_session(info.context, given(hide))

    @resolved("End a session because its client is done. WRITE.", of=SessionPayload)
    async def stop_session(self, info: Info, stop: Stop) -> Outcome:
        return await lifecycle.stop_session(info.context, given(stop))

    @resolved(
        "Tell of many clients that they are there; each input has its own answer, in order. WRITE.",
        of=list[SessionPayload],
    )
    async def keepalive_sessions(self, info: Info, keepalives: Keepalives) -> list[Outcome]:
        return await lifecycle.keepalive_sessions(info.context, [given(each) for each in keepalives])

    @resolved(
        "Change what the input names of an AGENDA session; null clears what may be empty. A start moved ahead makes it "
        "SCHEDULED again, an end moved into the past ends it there. WRITE.",
        of=SessionPayload,
    )
    async def update_agenda_session(self, info: Info, update: UpdateAgenda) -> Outcome:
        return await lifecycle.update_agenda_session(info.context, given(update, keep_null=True))

    @resolved(
        "Tell what the player of a MEDIA session does, and how well: the documented events, at most 100 at a time. The "
        "call also tells that the client is there. WRITE.",
        of=SessionPayload,
    )
    async def track_media(self, info: Info, tracked: Track) -> Outcome:
        return await lifecycle.track_media(info.context, given(tracked))

    @resolved(
        "Save data points of a FIELD session; those that are not named stay as they are. WRITE.", of=SessionPayload
    )
    async def save_field_data(self, info: Info, save: Save) -> Outcome:
        return await save_field_data.save_field_data(info.context, given(save))

    @resolved("End somebody else's session, with a reason kept on its timeline. ADMIN.", of=SessionPayload)
    async def terminate_session(self, info: Info, terminate: Terminate) -> Outcome:
        return await lifecycle.terminate_session(info.context, given(terminate))

    @resolved("Remove a session, its timeline, points and files. ADMIN.", of=DeleteSessionPayload)
    async def delete_session(self, info: Info, id_: Id) -> Deletion:
        return deletion(id_, await lifecycle.delete_session(info.context, id_))

    @resolved("Make a project, with an id of the caller's own choice. ADMIN.", of=ProjectPayload)
    async def create_project(self, info: Info, says: Says) -> ProjectOutcome:
        return await service.create_project(info.context, given(says))

    @resolved("Change what the input names of a project; null clears what may be empty. ADMIN.", of=ProjectPayload)
    async def update_project(self, info: Info, id_: Id, says: Says) -> ProjectOutcome:
        return await service.update_project(info.context, id_, given(says, keep_null=True))
