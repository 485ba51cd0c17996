"""Results of statistics."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from models.clock import SECOND, Instant


@dataclass(frozen=True, slots=True)
class Summary:
    """Durations in seconds; mean, min and max are null if there are none."""

    count: int
    sum: float
    mean: float | None
    min: float | None
    max: float | None


@dataclass(frozen=True, slots=True)
class GroupStats:
    """Sessions with the same value of a property."""

    value: str
    total: int
    active: int
    visible: int
    visible_seconds: float


@dataclass(frozen=True, slots=True)
class PathStats:
    """Sessions on a path or below it."""

    path: list[str]
    sessions: int
    active_now: int
    visible_seconds: float


@dataclass(frozen=True, slots=True)
class StatsBucket:
    """Bucket that begins at `at`.

    `active` counts the sessions active at any moment of it, `peak` the most at one moment, `started` and `ended` those
    that start or end in it.
    """

    at: Instant
    active: int
    peak: int
    started: int
    ended: int


def combine_summaries(parts: Iterable[Sequence[int]]) -> Summary:
    """Combine rows of count, sum, minimum and maximum, in milliseconds."""
    nonempty = [part for part in parts if part[0]]
    if not nonempty:
        return Summary(0, 0.0, None, None, None)
    count, total = sum(part[0] for part in nonempty), int(sum(part[1] for part in nonempty))
    minimum, maximum = min(part[2] for part in nonempty), max(part[3] for part in nonempty)
    return Summary(count, total / SECOND, total / (count * SECOND), minimum / SECOND, maximum / SECOND)
