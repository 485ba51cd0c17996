"""Items of subscriptions."""

from typing import Annotated, Any, Final, TypeAlias

import strawberry

from models.tables.rows import Activity as ActivityRow
from resolvers.feed import messages
from resolvers.feed.queries import MAX_SET_SIZE, SNAPSHOT_PART_SIZE
from schema.enums import ActivityType, SetChange
from schema.field_helpers import bounded_list
from schema.scalars import DateTime
from schema.session import Activity, Session


@strawberry.type(
    description="One of the parts of a snapshot: the matching sessions at one moment, the latest start first. A client "
    "drops what it holds at the part that is `first`, and has the whole set after the part that is `last`."
)
class SessionSnapshot:
    sessions: list[Session] = bounded_list(
        f"Sessions of this part, at most {SNAPSHOT_PART_SIZE}.", max_items=SNAPSHOT_PART_SIZE
    )
    total_count: int = strawberry.field(description=f"Number of matching sessions, at most {MAX_SET_SIZE:,}.")
    first: bool = strawberry.field(
        description="Whether this is the first part: drop all sessions held before. A client that reconnects without "
        "`after` gets a snapshot again."
    )
    last: bool = strawberry.field(
        description="Whether this is the last part. An empty set is one part, both `first` and `last`."
    )
    cursor: str = strawberry.field(
        description="In the last part: position to resume from. In other parts: resuming from it starts with a new "
        "snapshot."
    )


@strawberry.type(description="A change of the set of matching sessions.")
class SessionChange:
    change: SetChange = strawberry.field(description="How to update the client's copy of the set.")
    id: strawberry.ID = strawberry.field(description="Id of the session.")
    session: Session | None = strawberry.field(
        description="The session as it is now; null if it was replaced or deleted."
    )
    activity: ActivityType | None = strawberry.field(description="Its last activity; null if only its client called.")
    at: DateTime = strawberry.field(description="When that happened. The order of changes is that of the cursors.")
    cursor: str = strawberry.field(description="Position to resume from after this change.")


@strawberry.type(
    description="Changes were missed, because the cursor is too old or belongs to something else, or the set has "
    "become too large. A client drops what it holds; the subscription starts anew, or ends with an error."
)
class FeedResync:
    reason: str = strawberry.field(description="Why the subscription starts anew, for people to read.")
    cursor: str = strawberry.field(
        description="In `sessionActivities`: position to resume from. In `activeSessions`, where the snapshot follows: "
        "resuming from it starts with a new snapshot."
    )


ActiveSessionsItem: TypeAlias = Annotated[
    SessionSnapshot | SessionChange | FeedResync,
    strawberry.union("ActiveSessionsItem", description="An item of the subscription to active sessions."),
]
ActivityItem: TypeAlias = Annotated[
    Activity | FeedResync, strawberry.union("ActivityItem", description="An item of the subscription to activities.")
]

ITEM_TYPE_NAMES: Final[dict[type[Any], str]] = {
    ActivityRow: "Activity",
    messages.Change: "SessionChange",
    messages.Resync: "FeedResync",
    messages.Snapshot: "SessionSnapshot",
}
