"""What can be subscribed to."""

from typing import Annotated, TypeAlias

import strawberry

from resolvers.feed.active import ActiveSessions, active_sessions
from schema.arguments import Info
from schema.fields import subscribed
from schema.given import given
from schema.live import ActiveSessionsItem
from schema.queries import Which

Going: TypeAlias = Annotated[
    str | None,
    strawberry.argument(
        description="The last cursor that the client saw: what happened since is told first. From the beginning where "
        "not given."
    ),
]
MinInterval: TypeAlias = Annotated[
    int | None,
    strawberry.argument(
        description="At most one bundle of changes in so many milliseconds, 0 to 60000; of each session then only how "
        "it is at last."
    ),
]
Heartbeats: TypeAlias = Annotated[
    bool | None,
    strawberry.argument(
        description="Tell also of sessions that were heard while nothing else happened, each at most once in a second "
        "and in `minIntervalMs`."
    ),
]


@strawberry.type(description="What can be subscribed to.")
class Subscription:
    @subscribed(
        "The sessions that go on: first a snapshot, then every change. Fold it by id: ADDED and UPDATED put, REMOVED "
        "drops. With `after` it goes on without a snapshot and without a gap; where that is not possible, FeedResync "
        "comes first. The filter takes nothing about the past: no seenAfter, seenBefore, stoppedAfter, stoppedBefore, "
        "endReasons, active: false, states but ACTIVE. READ, or, where the filter names ids, WRITE.",
        of=ActiveSessionsItem,
    )
    def active_sessions(
        self,
        info: Info,
        which: Which = None,
        after: Going = None,
        min_interval_ms: MinInterval = 0,
        heartbeats: Heartbeats = False,
    ) -> ActiveSessions:
        return active_sessions(
            info.context,
            filter=given(which),
            after=after,
            min_interval_ms=min_interval_ms or 0,
            heartbeats=bool(heartbeats),
        )
