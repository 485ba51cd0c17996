"""Statistics that are worked out again when there is reason to."""

from collections.abc import AsyncIterator, Mapping
from typing import Any, ClassVar, Final, NamedTuple

from models.clock import SECOND, Instant
from models.enums import Scope
from resolvers.access import require
from resolvers.context import Context
from resolvers.feed.batch import Batch
from resolvers.feed.consumer import Follower
from resolvers.feed.messages import Item, Joined
from resolvers.feed.throttle import Pace
from resolvers.filters import Filter
from resolvers.pagination.page import bounded
from resolvers.stats import Stats
from resolvers.subscriptions.shared_stats import SharedStats
from resolvers.subscriptions.source import Source

MIN_INTERVAL: Final = 1000
MAX_INTERVAL: Final = 3_600_000
PATIENCE_SECONDS: Final = 10.0
"""How long figures stand that may have changed without an entry in the log: much in them is about time."""


def session_stats(context: Context, *, filter: Mapping[str, Any], interval_ms: int) -> "SessionStats":  # noqa: A002 - the word of the schema
    """Subscribe to the statistics of the sessions that a filter names.

    Args:
        context: who asks.
        filter: as `resolvers.filters.Filter.parse` takes it.
        interval_ms: 1000 to 3,600,000; there are new figures at most once in so many milliseconds.

    Raises:
        Forbidden: the caller lacks READ.
        BadUserInput: the filter or the interval is not allowed.
    """
    require(context.caller, Scope.READ)
    return SessionStats(context, filter, bounded("intervalMs", interval_ms, MIN_INTERVAL, MAX_INTERVAL))


class SessionStats(Source):
    """The statistics of one filter. Each item is a way to work them out: when it is executed, for all its streams."""

    distinct: ClassVar[bool] = True
    starting_arguments: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, context: Context, filter: Mapping[str, Any], interval_ms: int) -> None:  # noqa: A002 - the word of the schema
        super().__init__(context, Filter.parse(filter).fingerprint, interval_ms)
        self._filter = filter
        self._interval_ms = interval_ms

    def follower(self) -> "Figures":
        return Figures(self, self._interval_ms)

    async def open(self, after: str | None) -> AsyncIterator[Item | Joined]:  # noqa: ARG002 - it always begins with now
        now = await self.feed.now()
        # A crowd that begins at once is told the same figures, and all of it is told what changes after them.
        latest = self.feed.figures.get(self.key)
        if latest is None or self.feed.timers.time() >= latest.time + min(self._interval_ms / SECOND, PATIENCE_SECONDS):
            latest = self.figures(now)
        yield latest.item
        yield Joined(latest.item.position)

    def figures(self, now: Instant) -> "Latest":
        """The statistics as of `now`, each figure to be counted when it is first selected."""
        stats = SharedStats(Stats(Context(self.services, self.viewer, now), self._filter))
        # Whatever is told of later is worked out later than this.
        latest = Latest(Item(stats, self.feed.count()), self.feed.timers.time())
        self.feed.figures[self.key] = latest
        return latest


class Latest(NamedTuple):
    """The figures that were worked out last, for all streams of one meaning."""

    item: Item
    time: float
    """When, by the timers."""


class Figures(Follower):
    """A group that is told statistics."""

    def __init__(self, source: SessionStats, interval_ms: int) -> None:
        super().__init__(source.feed)
        self._source = source
        self._pace = Pace(interval_ms / SECOND)
        self._counted_at = 0.0
        self._moved = False
        """Whether the log says anything since then."""
        self._ready = False

    async def locate(self) -> None:
        self._forget()  # this group does not know what has changed since
        self._count(self.feed.timers.time())

    def close(self, error: Exception | None = None) -> None:
        self._forget()
        super().close(error)

    def _forget(self) -> None:
        self.feed.figures.pop(self._source.key, None)

    def _count(self, time: float) -> None:
        self._counted_at, self._moved = time, False
        self._pace.spend(time)

    def due(self) -> float:
        return self._pace.next if self._moved else max(self._pace.next, self._counted_at + PATIENCE_SECONDS)

    def prepare(self, time: float) -> tuple[()]:
        if self.waiting:
            self.go_on()
        self._ready = not self.waiting and self._pace.ready(time)
        return ()

    def tell(self, batch: Batch) -> None:
        self._moved = self._moved or any(self._source.viewer.reaches(entry.project_id) for entry in batch.entries)
        if self._ready and (self._moved or batch.time >= self._counted_at + PATIENCE_SECONDS):
            self._count(batch.time)
            self.give([self._source.figures(batch.now).item])
        self._ready = False
