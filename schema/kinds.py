"""The kinds of session: for each its type, its input, and its name in `SessionVariantInput`.

Fields and descriptions come from `models.kinds`. Declared here is what a session shows that no start says, and the
types that the models can't name.
"""

from typing import Any, Final

import strawberry

from models.kinds import KINDS
from models.kinds.start import StartFields
from models.tables.session import Session as SessionRow
from resolvers.context import Context
from resolvers.forms.queries import DataPointView
from resolvers.playbacks import media_metrics
from schema.arguments import Info
from schema.enums import Kind, PlayerState
from schema.field_helpers import computed_field, field
from schema.forms import DataPoint, DataPointInput, NamesArg
from schema.input_values import input_to_dict
from schema.media import MediaMetrics, PlayerTimeInput
from schema.model_types import input_from, type_from
from schema.scalars import DateTime
from schema.session import Session

# ---- CLIENT ----


@type_from(KINDS[Kind.CLIENT])
class ClientSession(Session):
    pass


@input_from(KINDS[Kind.CLIENT].fields, "The start of a CLIENT session: one launch of a client app.")
class ClientSessionInput:
    pass


# ---- AGENDA ----


@type_from(KINDS[Kind.AGENDA])
class AgendaSession(Session):
    pass


@input_from(KINDS[Kind.AGENDA].fields, "A new AGENDA session: an item of an event's schedule.")
class AgendaSessionInput:
    pass


# ---- MEDIA ----


async def _metrics(row: SessionRow, context: Context) -> object:
    return await media_metrics(context, row)


@type_from(KINDS[Kind.MEDIA])
class MediaSession(Session):
    playhead: float = strawberry.field(
        description="Where the player was when it was last heard, in seconds from the start of the content; for a live "
        "stream the second of the day."
    )
    player_state: PlayerState = strawberry.field(
        description="What the player does: its last PLAY, PAUSE_START or BUFFER_START says, inside ads too."
    )
    metrics: MediaMetrics = computed_field(_metrics, "The figures of the playback.")


@input_from(KINDS[Kind.MEDIA].fields, "The start of a MEDIA session: one playback of a stream.")
class MediaSessionInput:
    player_time: PlayerTimeInput


# ---- FIELD ----


def _received(row: SessionRow, _context: Context) -> object:
    return row.details["received"]


@type_from(KINDS[Kind.FIELD])
class FieldSession(Session):
    received: DateTime = computed_field(_received, "When the server last received anything of the form.")

    @field("The answers of the form, in its order. One operation reads at most 10,000.", graphql_type=list[DataPoint])
    async def data(self, info: Info, names: NamesArg = None) -> list[DataPointView]:
        return await info.context.loaders.data_points(self.id, names)


@input_from(KINDS[Kind.FIELD].fields, "A form filled in by a device: a new FIELD session.")
class FieldSessionInput:
    data: list[DataPointInput]


# ---- USER ----


@type_from(KINDS[Kind.USER])
class UserSession(Session):
    pass


@input_from(KINDS[Kind.USER].fields, "The start of a USER session: a person's use of a web UI.")
class UserSessionInput:
    pass


# ---- all of them ----


@strawberry.input(one_of=True, description="What the session is a session of: exactly one of the kinds.")
class SessionVariantInput:
    client: ClientSessionInput | None = strawberry.field(default=strawberry.UNSET, description=Kind.CLIENT.description)
    agenda: AgendaSessionInput | None = strawberry.field(default=strawberry.UNSET, description=Kind.AGENDA.description)
    media: MediaSessionInput | None = strawberry.field(default=strawberry.UNSET, description=Kind.MEDIA.description)
    field: FieldSessionInput | None = strawberry.field(default=strawberry.UNSET, description=Kind.FIELD.description)
    user: UserSessionInput | None = strawberry.field(default=strawberry.UNSET, description=Kind.USER.description)


@input_from(StartFields, "The start of a session: what all kinds share, and the kind's own fields.")
class StartSessionInput:
    project_id: strawberry.ID | None
    previous_id: strawberry.ID | None
    variant: SessionVariantInput = strawberry.field(description="What the session is a session of.")


SESSION_TYPES: Final = (ClientSession, AgendaSession, MediaSession, FieldSession, UserSession)


def unpack_start(start: StartSessionInput) -> tuple[dict[str, Any], Kind, dict[str, Any]]:
    """A start as resolvers take it: what all kinds share, the kind, what is its own."""
    values = input_to_dict(start)
    ((name, variant),) = values.pop("variant").items()
    return values, Kind(name.upper()), variant
