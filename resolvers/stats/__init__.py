"""Statistics of the sessions that a filter names: each figure is one statement, made when it is asked for."""

from collections.abc import Callable, Mapping
from typing import Any, Concatenate, Final, ParamSpec, TypeVar

from sqlalchemy import ColumnElement, and_
from sqlalchemy.engine import Connection

from models.clock import MINUTE, Instant
from models.enums import Scope
from models.tables import session
from resolvers.access import require
from resolvers.context import Context
from resolvers.filters import Filter
from resolvers.pagination.keyset import check_bounds, check_size
from resolvers.sessions.queries import SessionSelection
from resolvers.stats import aggregates
from resolvers.stats.paths import by_path
from resolvers.stats.series import make_buckets, series
from resolvers.stats.types import PathStat, StatBucket, StatGroup, Summary

P = ParamSpec("P")
T = TypeVar("T")

MAX_MINUTES: Final = 366 * 24 * 60
MAX_DEPTH: Final = 8


class Stats:
    """The statistics of one filter at the context's moment. Lists are sorted by total, ties by key."""

    def __init__(self, context: Context, filter: Mapping[str, Any] | None) -> None:  # noqa: A002 - the word of the schema
        """
        Raises:
            Forbidden: the caller lacks READ.
            BadUserInput: the filter is not allowed.
        """
        require(context.caller, Scope.READ)
        self._database = context.database
        self._now = context.now
        self._selection = SessionSelection(context.caller, Filter.parse(filter), context.now)

    async def total(self) -> int:
        """How many sessions match, in any state."""
        return await self._read(aggregates.total)

    async def active(self) -> int:
        """How many of them are going on."""
        return await self._count_active()

    async def visible(self) -> int:
        """How many of them are visible: none that has ended."""
        return await self._database.read_heavy(aggregates.count, self._selection.visible)

    async def seen_within(self, minutes: int) -> int:
        """How many are active and were heard in the last so many minutes (1 to 527,040), the first moment included.

        Raises:
            BadUserInput: the minutes are out of bounds.
        """
        since = self._now - check_bounds("minutes", minutes, 1, MAX_MINUTES) * MINUTE
        return await self._count_active(session.c.last_seen_at >= since)

    async def elapsed_seconds(self) -> Summary:
        """How long they have lasted; scheduled and cancelled ones 0."""
        return await self._read(aggregates.summarize, aggregates.elapsed(self._now))

    async def visible_seconds(self) -> Summary:
        """How long they were visible."""
        return await self._read(aggregates.summarize, aggregates.VISIBLE)

    async def by_kind(self) -> list[StatGroup]:
        """By kind."""
        return await self._group_by(aggregates.KIND)

    async def by_project(self, first: int = 20) -> list[StatGroup]:
        """By project: the `first` (1 to 500) largest.

        Raises:
            BadUserInput: `first` is out of bounds.
        """
        return await self._group_by(aggregates.PROJECT, check_size("first", first))

    async def by_subject(self, first: int = 20) -> list[StatGroup]:
        """By subject: the `first` (1 to 500) largest. Sessions without a subject are in no group.

        Raises:
            BadUserInput: `first` is out of bounds.
        """
        return await self._group_by(aggregates.SUBJECT, check_size("first", first))

    async def by_path(self, first: int = 20, depth: int = 1) -> list[PathStat]:
        """By the first `depth` (1 to 8) segments of their paths: the `first` (1 to 500) with the most sessions.

        A session counts once on each path that it has visible time on or, while active, is on now; `[]` is the
        path of those whose path is unknown.

        Raises:
            BadUserInput: `first` or `depth` is out of bounds.
        """
        depth = check_bounds("depth", depth, 1, MAX_DEPTH)
        return await self._read(by_path, check_size("first", first), depth)

    async def by_end_reason(self) -> list[StatGroup]:
        """By reason of the end: ended ones only."""
        return await self._group_by(aggregates.end_reason(self._now))

    async def series(self, start: Instant, end: Instant, bucket_seconds: int) -> list[StatBucket]:
        """In time: the buckets that begin from `start` on and before `end`, at most 2000.

        Raises:
            BadUserInput: they are none, or too many.
        """
        return await self._read(series, make_buckets(start, end, bucket_seconds))

    async def _count_active(self, *conditions: ColumnElement[bool]) -> int:
        """How many are going on, and meet the conditions."""
        return await self._database.read_heavy(aggregates.count, and_(self._selection.active, *conditions))

    async def _group_by(self, key: aggregates.DualColumn, first: int | None = None) -> list[StatGroup]:
        return await self._read(aggregates.groups, key, first)

    async def _read(
        self,
        query: Callable[Concatenate[Connection, SessionSelection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        return await self._database.read_heavy(query, self._selection, *args, **kwargs)


__all__ = ["PathStat", "StatBucket", "StatGroup", "Stats", "Summary"]
