"""Activities: what happened to sessions."""

from typing import TYPE_CHECKING, Annotated

import strawberry

from models.enums import EventFlag
from models.tables.activity import Activity as ActivityRow
from resolvers.activities.service import activity_cursor
from resolvers.context import Context
from schema.enums import ActivityType
from schema.field_helpers import computed_field
from schema.node import Node
from schema.page_info import PageInfo
from schema.scalars import JSON, DateTime

if TYPE_CHECKING:
    from schema.session import Session


def _cursor(row: ActivityRow, context: Context) -> str:
    return activity_cursor(context, row)


async def _session(row: ActivityRow, context: Context) -> object:
    return await context.loaders.session(row.session_id)


@strawberry.type(description="One thing that happened to one session: an entry of its timeline.")
class Activity(Node):
    cursor: str = computed_field(_cursor, "Its place in the log, good for every list of activities.")
    type: ActivityType = strawberry.field(description="What happened.")
    at: DateTime = strawberry.field(
        description="When it happened, which may be before it was noticed: the cursor is the order, not this."
    )
    client_at: DateTime | None = strawberry.field(
        name="clientTime", description="When it happened by the client's own clock, where the client gave a time."
    )
    session_id: strawberry.ID = strawberry.field(description="The id of the session; it may be gone by now.")
    session: Annotated["Session", strawberry.lazy("schema.session")] | None = computed_field(
        _session, "The session as it is now; null where it was replaced or deleted."
    )
    data: JSON = strawberry.field(
        description="What more there is to say of it, an object. HIDDEN and SHOWN: `path`. MOVED: `from`, `to`. "
        "TERMINATED: `reason`, `by`. What a player told, and what a client told while it said where the player was: "
        "`playhead`, and where given `params`, `qoe`, `customMetadata`. `flag` where a player's event was kept and not "
        f"counted, as things stood when it arrived: {', '.join(EventFlag)}."
    )


@strawberry.type(description="An activity and its place in a list.")
class ActivityEdge:
    cursor: str = strawberry.field(description="Its place in the list, for `after` and `before`.")
    node: Activity = strawberry.field(description="The activity.")


@strawberry.type(description="A page of activities, oldest first.")
class ActivityConnection:
    edges: list[ActivityEdge] = strawberry.field(description="The activities of this page with their places.")
    page_info: PageInfo = computed_field(lambda page, _: page, "Where this page stands in the list.")
