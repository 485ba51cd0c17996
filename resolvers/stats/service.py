"""Statistics of the sessions that a filter matches."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Concatenate, Final, ParamSpec, TypeVar

from models.clock import MINUTE, Instant
from models.database import Transaction
from models.enums import Scope
from resolvers.access import require
from resolvers.context import Context
from resolvers.filters import Filter
from resolvers.pagination.keyset import check_bounds, check_size
from resolvers.sessions.queries import SessionSelection
from resolvers.stats import queries
from resolvers.stats.series import Buckets, count_buckets, make_buckets, recent_buckets
from resolvers.stats.types import GroupStats, PathStats, StatsBucket, Summary

P = ParamSpec("P")
T = TypeVar("T")

MAX_MINUTES: Final = 366 * 24 * 60
MAX_DEPTH: Final = 8


class Stats:
    """Statistics as of the context's moment; each method runs one statement.

    Lists are sorted by total, ties by key. The methods raise BadUserInput for arguments out of bounds.
    """

    def __init__(self, context: Context, filter: Mapping[str, Any] | None) -> None:  # noqa: A002 - name of the argument in the schema
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
        return await self._read(queries.total)

    async def active(self) -> int:
        return await self._read(queries.active)

    async def visible(self) -> int:
        return await self._read(queries.visible)

    async def subjects(self) -> int:
        """Count distinct subjects; those of different projects or kinds differ."""
        return await self._read(queries.subjects)

    async def active_subjects(self) -> int:
        return await self._read(queries.active_subjects)

    async def seen_within(self, minutes: int) -> int:
        """Count active sessions seen in the last `minutes` (1 to 527,040), the first moment included."""
        since = self._now - check_bounds("minutes", minutes, 1, MAX_MINUTES) * MINUTE
        return await self._read(queries.active, seen_since=since)

    async def elapsed_seconds(self) -> Summary:
        return await self._read(queries.summarize, queries.ELAPSED_MS)

    async def visible_seconds(self) -> Summary:
        return await self._read(queries.summarize, queries.VISIBLE_MS)

    async def by_kind(self) -> list[GroupStats]:
        return await self._read(queries.groups, queries.KIND, None)

    async def by_project(self, first: int = 20) -> list[GroupStats]:
        return await self._read(queries.groups, queries.PROJECT, check_size("first", first))

    async def by_subject(self, first: int = 20) -> list[GroupStats]:
        """Group by subject; sessions without one are in no group."""
        return await self._read(queries.groups, queries.SUBJECT, check_size("first", first))

    async def by_path(self, first: int = 20, depth: int = 1) -> list[PathStats]:
        """Group by the first `depth` (1 to 8) segments of the path; the path of sessions without one is `[]`."""
        depth = check_bounds("depth", depth, 1, MAX_DEPTH)
        return await self._read(queries.by_path, check_size("first", first), depth)

    async def by_end_reason(self) -> list[GroupStats]:
        return await self._read(queries.groups, queries.END_REASON, None)

    async def group_by(self, field: str, first: int = 20, order_by: str = "TOTAL") -> list[GroupStats]:
        """Group by a field of `SessionGroupField`, sorted by `StatsOrder`; sessions without a value are in no group."""
        return await self._read(queries.groups, queries.GROUP_KEYS[field], check_size("first", first), order_by)

    async def series(self, start: Instant, end: Instant, bucket_seconds: int) -> list[StatsBucket]:
        """Return the buckets that begin from `start` on and before `end`, at most 2000."""
        return await self._series(make_buckets(start, end, bucket_seconds))

    async def recent_series(self, buckets: int = 60, bucket_seconds: int = 60) -> list[StatsBucket]:
        """Return the last 1 to 2000 buckets, aligned to multiples of their width; the last one holds now."""
        return await self._series(recent_buckets(self._now, buckets, bucket_seconds))

    async def _series(self, buckets: Buckets) -> list[StatsBucket]:
        events, active = await self._read(queries.series, buckets)
        # In a thread, because there may be millions of events.
        return await asyncio.to_thread(lambda: list(count_buckets(events, active, buckets)))

    async def _read(
        self, query: Callable[Concatenate[Transaction, SessionSelection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        return await self._database.read_heavy(query, self._selection, *args, **kwargs)
