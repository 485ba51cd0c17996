"""What statistics answer."""

from dataclasses import dataclass

from models.clock import SECOND, Instant


@dataclass(frozen=True, slots=True)
class Summary:
    """Figures of a number of durations, in seconds; mean, min and max are null where there are none."""

    count: int
    sum: float
    mean: float | None
    min: float | None
    max: float | None


@dataclass(frozen=True, slots=True)
class StatGroup:
    """The sessions that have `key` in common."""

    key: str
    total: int
    active: int
    visible: int
    visible_seconds: float


@dataclass(frozen=True, slots=True)
class PathStat:
    """The sessions that were or are on a path or below it."""

    path: list[str]
    sessions: int
    active_now: int
    visible_seconds: float


@dataclass(frozen=True, slots=True)
class StatBucket:
    """A span of time that begins at `at`: sessions going on in it, starting in it, ending in it."""

    at: Instant
    active: int
    started: int
    ended: int


def summary(count: int, total: int | None, least: int | None, most: int | None) -> Summary:
    """A summary from milliseconds, divided once."""
    if not count or total is None or least is None or most is None:
        return Summary(0, 0.0, None, None, None)
    return Summary(count, total / SECOND, total / (count * SECOND), least / SECOND, most / SECOND)
