"""Subscriptions."""

from typing import Annotated, TypeAlias

import strawberry

from resolvers.feed.queries import MAX_SET_SIZE
from resolvers.subscriptions import activities, stats
from resolvers.subscriptions.active_sessions import ActiveSessions, active_sessions
from schema.arguments import FilterArg, Info, TypesArg
from schema.feed import ActiveSessionsItem, ActivityItem
from schema.field_helpers import subscription
from schema.stats import SessionStats

SetAfterArg: TypeAlias = Annotated[
    str | None,
    strawberry.argument(
        description="Last cursor that the client received, to resume after it. By default a snapshot comes first."
    ),
]
LogAfterArg: TypeAlias = Annotated[
    str | None,
    strawberry.argument(
        description="Last cursor that the client received, or the cursor of any activity, to continue after it. By "
        "default the subscription begins with the next activity."
    ),
]
MinIntervalArg: TypeAlias = Annotated[
    int | None,
    strawberry.argument(
        description="Minimum time between two deliveries of changes, in milliseconds, 0 to 60000. Changes of one "
        "session in between are merged into the last."
    ),
]
HeartbeatsArg: TypeAlias = Annotated[
    bool | None,
    strawberry.argument(
        description="Whether to deliver heartbeats that change nothing else, for each session at most once in a second "
        "and in `minIntervalMs`."
    ),
]
IntervalArg: TypeAlias = Annotated[
    int | None,
    strawberry.argument(description="Minimum time between two results, in milliseconds, 1000 to 3600000."),
]


@strawberry.type(description="Subscriptions.")
class Subscription:
    @subscription(
        "Active sessions: a snapshot, then every change. Apply changes by id: ADDED and UPDATED set a session, REMOVED "
        "drops it. With `after` the subscription resumes without a snapshot or a gap; if that is impossible, "
        f"FeedResync comes first, then a snapshot. At most {MAX_SET_SIZE:,} sessions: if more match, the subscription "
        "ends with a BAD_USER_INPUT error that says how many; if the set grows so large later, FeedResync comes before "
        "the error. The filter does not accept seenAfter, seenBefore, stoppedAfter, stoppedBefore, endReasons, "
        "active: false, or states other than ACTIVE. Requires READ, or WRITE if the filter has ids.",
        graphql_type=ActiveSessionsItem,
    )
    def active_sessions(
        self,
        info: Info,
        filter_: FilterArg = None,
        after: SetAfterArg = None,
        min_interval_ms: MinIntervalArg = 0,
        heartbeats: HeartbeatsArg = False,
    ) -> ActiveSessions:
        return active_sessions(
            info.context,
            filter=filter_ or {},
            after=after,
            min_interval_ms=min_interval_ms or 0,
            heartbeats=bool(heartbeats),
        )

    @subscription(
        "Activities of sessions, each once and in order: new ones, or all after a cursor. The "
        "filter applies to each session as it is at the time of delivery. If the cursor is too old or of another "
        "database, FeedResync comes first, then activities from now on. Requires READ, or WRITE if the filter has ids.",
        graphql_type=ActivityItem,
    )
    def session_activities(
        self, info: Info, filter_: FilterArg = None, types: TypesArg = None, after: LogAfterArg = None
    ) -> activities.SessionActivities:
        return activities.session_activities(info.context, filter=filter_ or {}, types=types, after=after)

    @subscription(
        "Statistics of sessions: now, and whenever they change. Statistics that change with time alone, such as "
        "`elapsedSeconds`, are updated every 10 seconds. Requires READ.",
        graphql_type=SessionStats,
        map_item=lambda found: SessionStats(stats=found),
    )
    def session_stats(
        self, info: Info, filter_: FilterArg = None, interval_ms: IntervalArg = stats.MIN_INTERVAL_MS
    ) -> stats.SessionStats:
        interval = stats.MIN_INTERVAL_MS if interval_ms is None else interval_ms
        return stats.session_stats(info.context, filter=filter_ or {}, interval_ms=interval)
