"""Statistics of the sessions that a filter names: each figure is one statement, made when it is asked for."""

from collections.abc import Mapping
from typing import Any

from models.clock import Instant
from resolvers.context import Context
from resolvers.stats.figures import PathStat, StatBucket, StatGroup, Summary


class Stats:
    """The statistics of one filter at the context's moment."""

    def __init__(self, context: Context, filter: Mapping[str, Any] | None) -> None:  # noqa: A002 - the word of the schema
        self._context = context
        self._filter = filter

    async def total(self) -> int:
        """How many there are."""
        raise NotImplementedError

    async def active(self) -> int:
        """How many are going on."""
        raise NotImplementedError

    async def visible(self) -> int:
        """How many are visible."""
        raise NotImplementedError

    async def seen_within(self, minutes: int) -> int:
        """How many are going on and were heard from in the last so many minutes."""
        raise NotImplementedError

    async def elapsed_seconds(self) -> Summary:
        """How long they lasted."""
        raise NotImplementedError

    async def visible_seconds(self) -> Summary:
        """How long they were visible."""
        raise NotImplementedError

    async def by_kind(self) -> list[StatGroup]:
        """By kind."""
        raise NotImplementedError

    async def by_project(self, first: int = 20) -> list[StatGroup]:
        """By project."""
        raise NotImplementedError

    async def by_subject(self, first: int = 20) -> list[StatGroup]:
        """By subject."""
        raise NotImplementedError

    async def by_path(self, first: int = 20, depth: int = 1) -> list[PathStat]:
        """By path."""
        raise NotImplementedError

    async def by_end_reason(self) -> list[StatGroup]:
        """By reason of the end."""
        raise NotImplementedError

    async def series(self, start: Instant, end: Instant, bucket_seconds: int) -> list[StatBucket]:
        """In time."""
        raise NotImplementedError


__all__ = ["PathStat", "StatBucket", "StatGroup", "Stats", "Summary"]
