"""Filter and sort order of sessions."""

import strawberry

from schema.enums import EndReason, Kind, OrderDirection, PlayerState, SessionOrderField, State
from schema.scalars import DateTime


@strawberry.input(description="CLIENT sessions; all of them if empty.")
class ClientFilter:
    languages: list[str] | None = strawberry.field(
        description="Language, in any form that a start accepts: `FR` and `fr-CA` are `fr`."
    )
    client_systems: list[str] | None = strawberry.field(description="Client system.")
    device_ids: list[str] | None = strawberry.field(description="Device id.")
    geo_listen_enabled: bool | None = strawberry.field(description="Whether the app follows its location.")
    demo_stream_enabled: bool | None = strawberry.field(description="Whether the app plays the demonstration stream.")


@strawberry.input(description="AGENDA sessions; all of them if empty.")
class AgendaFilter:
    guides: list[int] | None = strawberry.field(description="Guide.")
    schedule_tracks: list[int] | None = strawberry.field(description="At least one of its tracks.")
    import_ids: list[str] | None = strawberry.field(description="Import id.")


@strawberry.input(description="MEDIA sessions; all of them if empty.")
class MediaFilter:
    media_ids: list[str] | None = strawberry.field(description="Media id.")
    channels: list[str] | None = strawberry.field(description="Channel.")
    content_types: list[str] | None = strawberry.field(description="Type of content.")
    player_states: list[PlayerState] | None = strawberry.field(description="State of the player.")


@strawberry.input(description="FIELD sessions; all of them if empty.")
class FieldFilter:
    unit_ids: list[str] | None = strawberry.field(description="Id of the device.")
    uuids: list[str] | None = strawberry.field(description="Uuid of the form.")


@strawberry.input(description="USER sessions; all of them if empty.")
class UserFilter:
    usernames: list[str] | None = strawberry.field(description="Username.")


@strawberry.input(
    description="Conditions on sessions. All that are set must match. A list matches any of its values, at most 500; "
    "an empty list matches nothing. The filters of several kinds match sessions of any of these kinds. Bounds of times "
    "are exclusive."
)
class SessionFilter:
    ids: list[strawberry.ID] | None = strawberry.field(description="Id.")
    kinds: list[Kind] | None = strawberry.field(description="Kind.")
    project_ids: list[strawberry.ID] | None = strawberry.field(description="Project.")
    states: list[State] | None = strawberry.field(description="Current state.")
    active: bool | None = strawberry.field(description="True: only state ACTIVE; false: all other states.")
    visible: bool | None = strawberry.field(description="Whether the subject can see it now.")
    subjects: list[str] | None = strawberry.field(description="Subject.")
    external_ids: list[str] | None = strawberry.field(description="Id in the caller's system.")
    started_after: DateTime | None = strawberry.field(description="Starts, or is scheduled to start, after this.")
    started_before: DateTime | None = strawberry.field(description="Starts, or is scheduled to start, before this.")
    stopped_after: DateTime | None = strawberry.field(description="Ended after this, for any reason.")
    stopped_before: DateTime | None = strawberry.field(description="Ended before this, for any reason.")
    seen_after: DateTime | None = strawberry.field(description="Its client last called after this.")
    seen_before: DateTime | None = strawberry.field(description="Its client last called before this.")
    end_reasons: list[EndReason] | None = strawberry.field(description="Reason of its end.")
    path_prefix: list[str] | None = strawberry.field(description="First segments of its current path.")
    client: ClientFilter | None = strawberry.field(description="Is a CLIENT session that matches.")
    agenda: AgendaFilter | None = strawberry.field(description="Is an AGENDA session that matches.")
    media: MediaFilter | None = strawberry.field(description="Is a MEDIA session that matches.")
    field: FieldFilter | None = strawberry.field(description="Is a FIELD session that matches.")
    user: UserFilter | None = strawberry.field(description="Is a USER session that matches.")


@strawberry.input(
    description="A sort criterion of sessions. Ties are sorted by id, in the direction of the last criterion; items of "
    "filtered guides by `rank` first, so that STARTED_AT ASC is the programme of a guide."
)
class SessionOrder:
    field: SessionOrderField = strawberry.field(description="Field to sort by.")
    direction: OrderDirection = strawberry.field(default=OrderDirection.DESC, description="Direction.")
