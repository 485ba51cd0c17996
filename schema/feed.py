"""What subscriptions tell."""

from typing import Annotated, Any, Final, TypeAlias

import strawberry

from models.tables.activity import Activity as ActivityRow
from resolvers.feed import messages
from resolvers.feed.queries import PAGE_SIZE
from schema.activity import Activity
from schema.enums import ActivityType, SetChange
from schema.field_helpers import bounded_list
from schema.scalars import DateTime
from schema.session import Session


@strawberry.type(description="One of the parts of a snapshot: the set as it was at one moment, the latest start first.")
class SessionSnapshot:
    sessions: list[Session] = bounded_list("The sessions of this part, at most 500.", max_items=PAGE_SIZE)
    total_count: int = strawberry.field(description="How many sessions match.")
    last: bool = strawberry.field(description="Whether this is the last part.")
    truncated: bool = strawberry.field(
        description="Whether more than 10,000 match, of which only the latest are sent. Changes then come only for "
        "sessions that were sent or added later (and, once the client has come back with a cursor, for any): narrow "
        "the filter."
    )
    cursor: str = strawberry.field(
        description="Of the last part: where to go on from. Of the other parts: nowhere; who comes back with it begins "
        "with a new snapshot."
    )


@strawberry.type(description="A change of the set.")
class SessionChange:
    change: SetChange = strawberry.field(description="What to do with the session in the set that the client holds.")
    id: strawberry.ID = strawberry.field(description="The id of the session.")
    session: Session | None = strawberry.field(
        description="The session as it is now; null where it was replaced or deleted."
    )
    activity: ActivityType | None = strawberry.field(
        description="What happened to it last; null where it was only heard."
    )
    at: DateTime = strawberry.field(description="When that happened; the cursor is the order, not this.")
    cursor: str = strawberry.field(description="Where to go on from after this.")


@strawberry.type(
    description="Changes were missed: the cursor is too old, or of something else. What follows starts afresh."
)
class FeedResync:
    reason: str = strawberry.field(description="Why, in words.")
    cursor: str = strawberry.field(
        description="Of `sessionActivities`: where to go on from. Of `activeSessions`: nowhere, as the snapshot is "
        "still to come; who comes back with it begins with a new one."
    )


ActiveSessionsItem: TypeAlias = Annotated[
    SessionSnapshot | SessionChange | FeedResync,
    strawberry.union("ActiveSessionsItem", description="What a subscription to the sessions that go on tells."),
]
ActivityItem: TypeAlias = Annotated[
    Activity | FeedResync, strawberry.union("ActivityItem", description="What a subscription to activities tells.")
]

_TYPE_NAMES: Final[dict[type[Any], str]] = {
    ActivityRow: "Activity",
    messages.Change: "SessionChange",
    messages.Resync: "FeedResync",
    messages.Snapshot: "SessionSnapshot",
}


def resolve_item_type(payload: Any, *_: object) -> str:
    """The name of the GraphQL type of what a stream is told."""
    return _TYPE_NAMES[type(payload)]
