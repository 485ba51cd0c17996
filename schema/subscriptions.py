"""What can be subscribed to."""

from typing import Annotated, TypeAlias

import strawberry

from resolvers.subscriptions import activities, stats
from resolvers.subscriptions.active_sessions import ActiveSessions, active_sessions
from schema.arguments import Info, TypesArg
from schema.feed import ActiveSessionsItem, ActivityItem
from schema.field_helpers import subscription
from schema.input_values import input_to_dict
from schema.queries import FilterArg
from schema.stats import SessionStats

ResumeAfterArg: TypeAlias = Annotated[
    str | None,
    strawberry.argument(
        description="The last cursor that the client saw: what happened since is told first. From the beginning where "
        "not given."
    ),
]
MinIntervalArg: TypeAlias = Annotated[
    int | None,
    strawberry.argument(
        description="At most one bundle of changes in so many milliseconds, 0 to 60000; of each session then only how "
        "it is at last."
    ),
]
HeartbeatsArg: TypeAlias = Annotated[
    bool | None,
    strawberry.argument(
        description="Tell also of sessions that were heard while nothing else happened, each at most once in a second "
        "and in `minIntervalMs`."
    ),
]
IntervalArg: TypeAlias = Annotated[
    int | None,
    strawberry.argument(description="New figures at most once in so many milliseconds, 1000 to 3600000."),
]


@strawberry.type(description="What can be subscribed to.")
class Subscription:
    @subscription(
        "The sessions that go on: first a snapshot, then every change. Fold it by id: ADDED and UPDATED put, REMOVED "
        "drops. With `after` it goes on without a snapshot and without a gap; where that is not possible, FeedResync "
        "comes first. The filter takes nothing about the past: no seenAfter, seenBefore, stoppedAfter, stoppedBefore, "
        "endReasons, active: false, states but ACTIVE. READ, or, where the filter names ids, WRITE.",
        graphql_type=ActiveSessionsItem,
    )
    def active_sessions(
        self,
        info: Info,
        filter_: FilterArg = None,
        after: ResumeAfterArg = None,
        min_interval_ms: MinIntervalArg = 0,
        heartbeats: HeartbeatsArg = False,
    ) -> ActiveSessions:
        return active_sessions(
            info.context,
            filter=input_to_dict(filter_),
            after=after,
            min_interval_ms=min_interval_ms or 0,
            heartbeats=bool(heartbeats),
        )

    @subscription(
        "The timelines of sessions in one list as they grow, each entry once and in order: from now on, or, with "
        "`after`, from the cursor of an activity. The filter is asked of each session as it is when it is told of. "
        "FeedResync where the cursor is too old or of another database; what follows then is from now on. READ, or, "
        "where the filter names ids, WRITE.",
        graphql_type=ActivityItem,
    )
    def session_activities(
        self, info: Info, filter_: FilterArg = None, types: TypesArg = None, after: ResumeAfterArg = None
    ) -> activities.SessionActivities:
        return activities.session_activities(info.context, filter=input_to_dict(filter_), types=types, after=after)

    @subscription(
        "Statistics of sessions: as of now, and again when they have changed. Figures about time, such as "
        "`elapsedSeconds`, are looked at every 10 seconds. READ.",
        graphql_type=SessionStats,
        map_item=lambda stats: SessionStats(stats=stats),
    )
    def session_stats(
        self, info: Info, filter_: FilterArg = None, interval_ms: IntervalArg = stats.MIN_INTERVAL_MS
    ) -> stats.SessionStats:
        interval = stats.MIN_INTERVAL_MS if interval_ms is None else interval_ms
        return stats.session_stats(info.context, filter=input_to_dict(filter_), interval_ms=interval)
