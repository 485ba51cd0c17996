"""Instants and clocks.

An instant is an integer, milliseconds since the Unix epoch: SQLite and PostgreSQL have no date functions in common,
and an integer cannot lack its time zone.
"""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Annotated, Final, Protocol


@dataclass(frozen=True)
class InstantType:
    """Marks an annotation as an instant."""


Instant = Annotated[int, InstantType()]
"""Milliseconds since 1970-01-01T00:00:00Z."""

SECOND: Final = 1000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR

MAX_INSTANT: Final[Instant] = 253_402_300_799_999
"""9999-12-31T23:59:59.999Z, the last one of RFC 3339."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Clock(Protocol):
    def now(self) -> Instant:
        """Return the current time, truncated to milliseconds."""


class SystemClock:
    """Wall clock of this machine; it may step forward or back, see `resolvers.server_liveness`."""

    def now(self) -> Instant:
        return time.time_ns() // 1_000_000


def to_seconds(milliseconds: int) -> float:
    return milliseconds / SECOND


def to_rfc3339(instant: Instant) -> str:
    """Format in UTC with three decimals."""
    # A page shows a hundred instants: two look-ups take 0.15 µs, `isoformat` of a datetime 2 µs.
    second, millisecond = divmod(instant, SECOND)
    return _format_second(second) + _MILLISECONDS[millisecond]


_MILLISECONDS: Final = tuple(f".{number:03}Z" for number in range(SECOND))


@lru_cache(maxsize=8192)
def _format_second(second: int) -> str:
    return (_EPOCH + timedelta(seconds=second)).isoformat()[:-6]


def end_of_utc_day(instant: Instant) -> Instant:
    """Return the first instant of the next UTC day, or `MAX_INSTANT`."""
    return min((instant // DAY + 1) * DAY, MAX_INSTANT)
