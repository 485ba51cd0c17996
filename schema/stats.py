"""Statistics of the sessions that match a filter. Each is computed only if selected."""

from functools import partial
from typing import Annotated, Any, Final, TypeAlias

import strawberry

from resolvers.stats import types
from resolvers.stats.series import MAX_BUCKET_SECONDS
from resolvers.stats.service import Stats
from schema.enums import EndReason, Kind, SessionGroupField, StatsOrder
from schema.field_helpers import QUERY_WEIGHT, attribute_field, computed_field, field
from schema.scalars import DateTime
from schema.session import Project


@strawberry.type(description="Summary of durations, in seconds.")
class Summary:
    count: int = strawberry.field(description="Number of sessions.")
    sum: float = strawberry.field(description="Sum.")
    mean: float | None = strawberry.field(description="Mean; null without sessions.")
    min: float | None = strawberry.field(description="Minimum; null without sessions.")
    max: float | None = strawberry.field(description="Maximum; null without sessions.")


@strawberry.type
class _Counts:
    total: int = strawberry.field(description="Number of sessions.")
    active: int = strawberry.field(description="Number of active sessions.")
    visible: int = strawberry.field(description="Number of active sessions that are visible.")
    visible_seconds: float = strawberry.field(description="Total visible time, in seconds.")


def _value(description: str) -> Any:
    return attribute_field("value", description)


@strawberry.type(description="Statistics of the sessions of one kind.")
class KindStats(_Counts):
    kind: Kind = _value("Kind of session.")


@strawberry.type(description="Statistics of the sessions that ended for the same reason.")
class EndReasonStats:
    reason: EndReason = _value("Why the sessions ended.")
    total: int = strawberry.field(description="Number of sessions.")
    visible_seconds: float = strawberry.field(description="Total visible time, in seconds.")


@strawberry.type(description="Statistics of the sessions of one project.")
class ProjectStats(_Counts):
    project_id: strawberry.ID = _value("Id of the project.")
    project: Project = computed_field(
        lambda group, context: context.loaders.project(group.value), "The project.", reads=["value"], shareable=True
    )


@strawberry.type(description="Statistics of the sessions with the same subject.")
class SubjectStats(_Counts):
    subject: str = _value("The subject.")


@strawberry.type(description="Statistics of the sessions with the same value of a field.")
class GroupStats(_Counts):
    value: str = _value("The value, as text.")


@strawberry.type(description="Statistics of the sessions that were or are on a path, or below it.")
class PathStats:
    path: list[str] = strawberry.field(
        description="The path, outermost segment first, cut off at the requested depth; empty if unknown."
    )
    sessions: int = strawberry.field(description="Number of sessions that were visible there, or are there now.")
    active_now: int = strawberry.field(description="Number of active sessions that are there now.")
    visible_seconds: float = strawberry.field(description="Total visible time there, in seconds.")


@strawberry.type(description="One bucket of a time series.")
class StatsBucket:
    at: DateTime = strawberry.field(description="Start of the bucket.")
    active: int = strawberry.field(description="Number of sessions that were active at any moment of it.")
    peak: int = strawberry.field(
        description="Most sessions that were active at one moment of it. Of sessions that end and start in the same "
        "millisecond, only those that start are active in it."
    )
    started: int = strawberry.field(description="Number of sessions that started in it.")
    ended: int = strawberry.field(description="Number of sessions that ended in it.")


BUCKET_SECONDS: Final = f"Length of a bucket, in seconds, 1 to {MAX_BUCKET_SECONDS:,}."

GroupsArg: TypeAlias = Annotated[
    int | None, strawberry.argument(description="Number of groups, the largest first, 1 to 500.")
]
DepthArg: TypeAlias = Annotated[
    int | None, strawberry.argument(description="Number of leading segments to group by, 1 to 8.")
]
MinutesArg: TypeAlias = Annotated[int, strawberry.argument(description="Minutes back from now, 1 to 527,040.")]
FromArg: TypeAlias = Annotated[DateTime, strawberry.argument(name="from", description="Start of the first bucket.")]
ToArg: TypeAlias = Annotated[
    DateTime, strawberry.argument(name="to", description="End of the series: every bucket starts before it.")
]
BucketSecondsArg: TypeAlias = Annotated[int, strawberry.argument(description=BUCKET_SECONDS)]
RecentBucketSecondsArg: TypeAlias = Annotated[int | None, strawberry.argument(description=BUCKET_SECONDS)]
BucketsArg: TypeAlias = Annotated[int | None, strawberry.argument(description="Number of buckets, 1 to 2,000.")]
GroupFieldArg: TypeAlias = Annotated[SessionGroupField, strawberry.argument(description="Field to group by.")]
OrderArg: TypeAlias = Annotated[StatsOrder | None, strawberry.argument(description="Order of the groups.")]

DEFAULT_GROUPS: Final = 20
DEFAULT_DEPTH: Final = 1
DEFAULT_BUCKETS: Final = 60
DEFAULT_BUCKET_SECONDS: Final = 60
GROUP_WEIGHT: Final = QUERY_WEIGHT // DEFAULT_GROUPS
"""Cost of each requested group."""


_statistic: Final = partial(field, shareable=True)
"""Defines a statistic: a function of the caller's scopes and projects, and of the arguments."""


@strawberry.type(description="Statistics of the sessions that match a filter.")
class SessionStats:
    stats: strawberry.Private[Stats]

    @_statistic("Number of sessions.", weight=QUERY_WEIGHT)
    async def total(self) -> int:
        return await self.stats.total()

    @_statistic("Number of active sessions.", weight=QUERY_WEIGHT)
    async def active(self) -> int:
        return await self.stats.active()

    @_statistic("Number of active sessions that are visible: SCHEDULED ones do not count.", weight=QUERY_WEIGHT)
    async def visible(self) -> int:
        return await self.stats.visible()

    @_statistic("Number of distinct subjects; those of different projects or kinds differ.", weight=QUERY_WEIGHT)
    async def subjects(self) -> int:
        return await self.stats.subjects()

    @_statistic("Number of distinct subjects of active sessions.", weight=QUERY_WEIGHT)
    async def active_subjects(self) -> int:
        return await self.stats.active_subjects()

    @_statistic("Number of active sessions whose client called in the last minutes.", weight=QUERY_WEIGHT)
    async def seen_within(self, minutes: MinutesArg) -> int:
        return await self.stats.seen_within(minutes)

    @_statistic("Durations so far.", graphql_type=Summary, weight=QUERY_WEIGHT)
    async def elapsed_seconds(self) -> types.Summary:
        return await self.stats.elapsed_seconds()

    @_statistic("Visible times.", graphql_type=Summary, weight=QUERY_WEIGHT)
    async def visible_seconds(self) -> types.Summary:
        return await self.stats.visible_seconds()

    @_statistic("By kind, the largest group first.", graphql_type=list[KindStats], weight=QUERY_WEIGHT)
    async def by_kind(self) -> list[types.GroupStats]:
        return await self.stats.by_kind()

    @_statistic("By project, the largest group first.", graphql_type=list[ProjectStats], weight=GROUP_WEIGHT)
    async def by_project(self, first: GroupsArg = DEFAULT_GROUPS) -> list[types.GroupStats]:
        return await self.stats.by_project(DEFAULT_GROUPS if first is None else first)

    @_statistic(
        "By subject, the largest group first; without sessions that have none.",
        graphql_type=list[SubjectStats],
        weight=GROUP_WEIGHT,
    )
    async def by_subject(self, first: GroupsArg = DEFAULT_GROUPS) -> list[types.GroupStats]:
        return await self.stats.by_subject(DEFAULT_GROUPS if first is None else first)

    @_statistic(
        "By path, cut off at a depth; the path with the most sessions first.",
        graphql_type=list[PathStats],
        weight=GROUP_WEIGHT,
    )
    async def by_path(
        self, first: GroupsArg = DEFAULT_GROUPS, depth: DepthArg = DEFAULT_DEPTH
    ) -> list[types.PathStats]:
        return await self.stats.by_path(
            DEFAULT_GROUPS if first is None else first, DEFAULT_DEPTH if depth is None else depth
        )

    @_statistic(
        "Ended sessions by reason, the largest group first.", graphql_type=list[EndReasonStats], weight=QUERY_WEIGHT
    )
    async def by_end_reason(self) -> list[types.GroupStats]:
        return await self.stats.by_end_reason()

    @_statistic(
        "By the value of a field; sessions without a value do not count.",
        graphql_type=list[GroupStats],
        weight=GROUP_WEIGHT,
    )
    async def group_by(
        self,
        field: GroupFieldArg,
        first: GroupsArg = DEFAULT_GROUPS,
        order_by: OrderArg = StatsOrder.TOTAL,
    ) -> list[types.GroupStats]:
        order = StatsOrder.TOTAL if order_by is None else order_by
        return await self.stats.group_by(field, DEFAULT_GROUPS if first is None else first, order)

    @_statistic(
        "Time series of active, started and ended sessions; at most 2,000 buckets.",
        graphql_type=list[StatsBucket],
        weight=QUERY_WEIGHT,
    )
    async def series(self, start: FromArg, end: ToArg, bucket_seconds: BucketSecondsArg) -> list[types.StatsBucket]:
        return await self.stats.series(start, end, bucket_seconds)

    @_statistic(
        "The last buckets of such a time series, aligned to multiples of their length since 1970 (UTC); the last "
        "one holds the current time, so in a subscription the series moves along.",
        graphql_type=list[StatsBucket],
        weight=QUERY_WEIGHT,
    )
    async def recent_series(
        self,
        buckets: BucketsArg = DEFAULT_BUCKETS,
        bucket_seconds: RecentBucketSecondsArg = DEFAULT_BUCKET_SECONDS,
    ) -> list[types.StatsBucket]:
        return await self.stats.recent_series(
            DEFAULT_BUCKETS if buckets is None else buckets,
            DEFAULT_BUCKET_SECONDS if bucket_seconds is None else bucket_seconds,
        )
