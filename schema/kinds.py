"""The kinds of session: for each its type, its input, and its field of `SessionVariantInput`.

Fields and descriptions come from `models.kinds`. Classes add the fields that no start has, and the types that models
cannot name.
"""

from typing import Final

import strawberry

from models.kinds import KINDS
from models.kinds.start import StartFields
from resolvers.forms.queries import DataPointView
from resolvers.media.service import media_metrics
from schema.arguments import Info, Values
from schema.enums import Kind, PlayerState
from schema.field_helpers import computed_field, field
from schema.forms import DataPoint, DataPointInput, NamesArg
from schema.media import MediaMetrics, PlayerTimeInput
from schema.model_types import input_from, type_from
from schema.scalars import DateTime
from schema.session import Session


@type_from(KINDS[Kind.CLIENT])
class ClientSession(Session): ...


@input_from(KINDS[Kind.CLIENT].fields, "Start of a CLIENT session: one launch of a client app.")
class ClientSessionInput: ...


@type_from(KINDS[Kind.AGENDA])
class AgendaSession(Session): ...


@input_from(KINDS[Kind.AGENDA].fields, "A new AGENDA session: an item of an event's schedule.")
class AgendaSessionInput: ...


@type_from(KINDS[Kind.MEDIA])
class MediaSession(Session):
    playhead: float = strawberry.field(
        description="Last reported position of the player, in seconds from the start of the content; the second of the "
        "day for a live stream."
    )
    player_state: PlayerState = strawberry.field(
        description="State of the player after its last PLAY, PAUSE_START or BUFFER_START, also inside ads."
    )
    metrics: MediaMetrics = computed_field(
        lambda row, context: media_metrics(context, row),
        "Metrics of the playback.",
        reads=["id", "playhead", "player_ts", "details"],
        shareable=True,
    )


@input_from(KINDS[Kind.MEDIA].fields, "Start of a MEDIA session: one playback of a stream.")
class MediaSessionInput:
    player_time: PlayerTimeInput


@type_from(KINDS[Kind.FIELD])
class FieldSession(Session):
    received: DateTime = computed_field(
        lambda row, _: row.details["received"],
        "When the server last received data of the form.",
        reads=["details"],
        shareable=True,
    )

    @field(
        "Answers of the form, in its order. One operation reads at most 10,000.",
        graphql_type=list[DataPoint],
        reads=["id"],
    )
    async def data(self, info: Info, names: NamesArg = None) -> list[DataPointView]:
        return await info.context.loaders.data_points(self.id, names)


@input_from(KINDS[Kind.FIELD].fields, "A new FIELD session: a form filled in on a device.")
class FieldSessionInput:
    data: list[DataPointInput]


@type_from(KINDS[Kind.USER])
class UserSession(Session): ...


@input_from(KINDS[Kind.USER].fields, "Start of a USER session: a person's use of a web UI.")
class UserSessionInput: ...


@strawberry.input(one_of=True, description="The fields of the session's kind. Set exactly one.")
class SessionVariantInput:
    client: ClientSessionInput | None = strawberry.field(default=strawberry.UNSET, description=Kind.CLIENT.description)
    agenda: AgendaSessionInput | None = strawberry.field(default=strawberry.UNSET, description=Kind.AGENDA.description)
    media: MediaSessionInput | None = strawberry.field(default=strawberry.UNSET, description=Kind.MEDIA.description)
    field: FieldSessionInput | None = strawberry.field(default=strawberry.UNSET, description=Kind.FIELD.description)
    user: UserSessionInput | None = strawberry.field(default=strawberry.UNSET, description=Kind.USER.description)


@input_from(StartFields, "Start of a session: the fields that all kinds share, and those of its kind.")
class StartSessionInput:
    project_id: strawberry.ID | None
    previous_id: strawberry.ID | None
    variant: SessionVariantInput = strawberry.field(description="Kind of session, with its fields.")


SESSION_TYPES: Final = (ClientSession, AgendaSession, MediaSession, FieldSession, UserSession)


def unpack_start(start: Values) -> tuple[Values, Kind, Values]:
    """Return the values that all kinds share, the kind, and its own values."""
    values = {name: value for name, value in start.items() if name != "variant"}
    ((name, variant),) = start["variant"].items()
    return values, Kind(name.upper()), variant
