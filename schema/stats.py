"""Statistics of the sessions that a filter names. Each figure is counted only when it is selected."""

from typing import Annotated, Final, TypeAlias

import strawberry

from resolvers.stats import types
from resolvers.stats.service import Stats
from schema.field_helpers import QUERY_WEIGHT, field
from schema.scalars import DateTime


@strawberry.type(description="Figures of a number of durations, in seconds.")
class Summary:
    count: int = strawberry.field(description="How many sessions there are.")
    sum: float = strawberry.field(description="Their sum.")
    mean: float | None = strawberry.field(description="Their mean; null where there are none.")
    min: float | None = strawberry.field(description="The shortest; null where there are none.")
    max: float | None = strawberry.field(description="The longest; null where there are none.")


@strawberry.type(description="The sessions that have something in common.")
class StatGroup:
    key: str = strawberry.field(description="What they have in common: a kind, a project's id, a subject, a reason.")
    total: int = strawberry.field(description="How many there are.")
    active: int = strawberry.field(description="How many of them are going on.")
    visible: int = strawberry.field(description="How many of them are visible.")
    visible_seconds: float = strawberry.field(description="How long they were visible in all, in seconds.")


@strawberry.type(description="The sessions that were or are on a path or below it.")
class PathStat:
    path: list[str] = strawberry.field(
        description="The path, outermost first, cut to the depth asked for; empty where it is unknown."
    )
    sessions: int = strawberry.field(description="How many sessions were visible there, or are there now.")
    active_now: int = strawberry.field(description="How many sessions that are going on are there now.")
    visible_seconds: float = strawberry.field(description="How long they were visible there in all, in seconds.")


@strawberry.type(description="One span of time of a series.")
class StatBucket:
    at: DateTime = strawberry.field(description="When it begins.")
    active: int = strawberry.field(description="How many sessions were going on at any moment of it.")
    started: int = strawberry.field(description="How many sessions began in it.")
    ended: int = strawberry.field(description="How many sessions ended in it.")


GroupsArg: TypeAlias = Annotated[
    int | None, strawberry.argument(description="How many groups, the largest first, 1 to 500.")
]
DepthArg: TypeAlias = Annotated[
    int | None, strawberry.argument(description="How many segments of a path count, 1 to 8; what is longer is cut.")
]
MinutesArg: TypeAlias = Annotated[int, strawberry.argument(description="How many minutes back, at least 1.")]
FromArg: TypeAlias = Annotated[DateTime, strawberry.argument(name="from", description="When the first bucket begins.")]
ToArg: TypeAlias = Annotated[
    DateTime, strawberry.argument(name="to", description="When the series ends: every bucket begins before this.")
]
BucketSecondsArg: TypeAlias = Annotated[
    int, strawberry.argument(description="How long a bucket is, in seconds, at least 1.")
]

DEFAULT_GROUPS: Final = 20
DEFAULT_DEPTH: Final = 1
GROUP_WEIGHT: Final = QUERY_WEIGHT // DEFAULT_GROUPS
"""The weight of a list that `first` sizes: it counts for each of its groups."""


@strawberry.type(description="Statistics of the sessions that a filter names, as of now.")
class SessionStats:
    stats: strawberry.Private[Stats]

    @field("How many there are.", weight=QUERY_WEIGHT)
    async def total(self) -> int:
        return await self.stats.total()

    @field("How many are going on.", weight=QUERY_WEIGHT)
    async def active(self) -> int:
        return await self.stats.active()

    @field("How many are visible.", weight=QUERY_WEIGHT)
    async def visible(self) -> int:
        return await self.stats.visible()

    @field("How many are going on and were heard from in the last so many minutes.", weight=QUERY_WEIGHT)
    async def seen_within(self, minutes: MinutesArg) -> int:
        return await self.stats.seen_within(minutes)

    @field("How long they have lasted.", graphql_type=Summary, weight=QUERY_WEIGHT)
    async def elapsed_seconds(self) -> types.Summary:
        return await self.stats.elapsed_seconds()

    @field("How long they were visible.", graphql_type=Summary, weight=QUERY_WEIGHT)
    async def visible_seconds(self) -> types.Summary:
        return await self.stats.visible_seconds()

    @field("By kind; the largest group first.", graphql_type=list[StatGroup], weight=QUERY_WEIGHT)
    async def by_kind(self) -> list[types.StatGroup]:
        return await self.stats.by_kind()

    @field("By project; the largest group first.", graphql_type=list[StatGroup], weight=GROUP_WEIGHT)
    async def by_project(self, first: GroupsArg = DEFAULT_GROUPS) -> list[types.StatGroup]:
        return await self.stats.by_project(DEFAULT_GROUPS if first is None else first)

    @field(
        "By subject, where there is one; the largest group first.", graphql_type=list[StatGroup], weight=GROUP_WEIGHT
    )
    async def by_subject(self, first: GroupsArg = DEFAULT_GROUPS) -> list[types.StatGroup]:
        return await self.stats.by_subject(DEFAULT_GROUPS if first is None else first)

    @field(
        "By path, as deep as asked for; the path with the most sessions first.",
        graphql_type=list[PathStat],
        weight=GROUP_WEIGHT,
    )
    async def by_path(self, first: GroupsArg = DEFAULT_GROUPS, depth: DepthArg = DEFAULT_DEPTH) -> list[types.PathStat]:
        return await self.stats.by_path(
            DEFAULT_GROUPS if first is None else first, DEFAULT_DEPTH if depth is None else depth
        )

    @field(
        "Those that have ended, by reason; the largest group first.", graphql_type=list[StatGroup], weight=QUERY_WEIGHT
    )
    async def by_end_reason(self) -> list[types.StatGroup]:
        return await self.stats.by_end_reason()

    @field(
        "Sessions going on, beginning and ending in each span of time, at most 2,000 of them.",
        graphql_type=list[StatBucket],
        weight=QUERY_WEIGHT,
    )
    async def series(self, start: FromArg, end: ToArg, bucket_seconds: BucketSecondsArg) -> list[types.StatBucket]:
        return await self.stats.series(start, end, bucket_seconds)
