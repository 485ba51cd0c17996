"""Which sessions, and in which order."""

import strawberry

from schema.enums import EndReason, Kind, OrderDirection, PlayerState, SessionOrderField, State
from schema.scalars import DateTime


@strawberry.input(description="CLIENT sessions; with no field all of them.")
class ClientFilter:
    languages: list[str] | None = strawberry.field(
        description="With one of these languages, in any form that a start takes: `FR` and `fr-CA` are `fr`."
    )
    client_systems: list[str] | None = strawberry.field(description="On one of these systems.")
    device_ids: list[str] | None = strawberry.field(description="Of one of these devices.")
    geo_listen_enabled: bool | None = strawberry.field(description="Whether the app follows its place.")
    demo_stream_enabled: bool | None = strawberry.field(description="Whether the app plays the demonstration stream.")


@strawberry.input(description="AGENDA sessions; with no field all of them.")
class AgendaFilter:
    guides: list[int] | None = strawberry.field(description="Of one of these guides.")
    schedule_tracks: list[int] | None = strawberry.field(description="On at least one of these tracks.")
    import_ids: list[str] | None = strawberry.field(description="With one of these import ids.")


@strawberry.input(description="MEDIA sessions; with no field all of them.")
class MediaFilter:
    media_ids: list[str] | None = strawberry.field(description="Of one of these media.")
    channels: list[str] | None = strawberry.field(description="On one of these channels.")
    content_types: list[str] | None = strawberry.field(description="Of one of these types of content.")
    player_states: list[PlayerState] | None = strawberry.field(description="With the player in one of these states.")


@strawberry.input(description="FIELD sessions; with no field all of them.")
class FieldFilter:
    unit_ids: list[str] | None = strawberry.field(description="From one of these devices.")
    uuids: list[str] | None = strawberry.field(description="With one of these uuids.")


@strawberry.input(description="USER sessions; with no field all of them.")
class UserFilter:
    usernames: list[str] | None = strawberry.field(description="Of one of these users.")


@strawberry.input(
    description="Which sessions. All that is given must hold; of the values of a list one, so an empty list matches "
    "nothing; lists have at most 500 values. The filters of several kinds together match sessions of any of them. "
    "After and before are strictly so."
)
class SessionFilter:
    ids: list[strawberry.ID] | None = strawberry.field(description="With one of these ids.")
    kinds: list[Kind] | None = strawberry.field(description="Of one of these kinds.")
    project_ids: list[strawberry.ID] | None = strawberry.field(description="Of one of these projects.")
    states: list[State] | None = strawberry.field(description="In one of these states now.")
    active: bool | None = strawberry.field(description="True: going on now (state ACTIVE); false: everything else.")
    visible: bool | None = strawberry.field(description="Whether the subject can see it now.")
    subjects: list[str] | None = strawberry.field(description="Of one of these subjects.")
    external_ids: list[str] | None = strawberry.field(description="With one of these ids of the caller's own.")
    started_after: DateTime | None = strawberry.field(description="Begun, or to begin, after this.")
    started_before: DateTime | None = strawberry.field(description="Begun, or to begin, before this.")
    stopped_after: DateTime | None = strawberry.field(description="Ended after this, for whatever reason.")
    stopped_before: DateTime | None = strawberry.field(description="Ended before this, for whatever reason.")
    seen_after: DateTime | None = strawberry.field(description="Last heard after this.")
    seen_before: DateTime | None = strawberry.field(description="Last heard before this.")
    end_reasons: list[EndReason] | None = strawberry.field(description="Ended for one of these reasons.")
    path_prefix: list[str] | None = strawberry.field(description="Now on a path that begins with these segments.")
    client: ClientFilter | None = strawberry.field(description="CLIENT sessions like this.")
    agenda: AgendaFilter | None = strawberry.field(description="AGENDA sessions like this.")
    media: MediaFilter | None = strawberry.field(description="MEDIA sessions like this.")
    field: FieldFilter | None = strawberry.field(description="FIELD sessions like this.")
    user: UserFilter | None = strawberry.field(description="USER sessions like this.")


@strawberry.input(
    description="What to sort sessions by. What is equal in everything asked for is sorted by id, in the direction of "
    "the last; items of guides that the filter names by `rank` first: STARTED_AT ASC is the programme of a guide."
)
class SessionOrder:
    field: SessionOrderField = strawberry.field(description="What to sort by.")
    direction: OrderDirection = strawberry.field(default=OrderDirection.DESC, description="Which way.")
