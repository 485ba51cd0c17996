"""Time: one unit, one source.

An instant is a whole number of milliseconds since 1970-01-01T00:00:00Z. The databases then need no date
functions (SQLite and PostgreSQL have none in common), nothing ever lacks its zone, and a difference is a
subtraction. RFC 3339 text is made of instants only where clients read them.
"""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final, Protocol


@dataclass(frozen=True)
class InstantType:
    """Tells a field that holds an instant from one that holds any other whole number."""


Instant = Annotated[int, InstantType()]
"""Milliseconds since 1970-01-01T00:00:00Z."""

SECOND: Final = 1000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR

MAX_INSTANT: Final[Instant] = 253_402_300_799_999
"""9999-12-31T23:59:59.999Z: RFC 3339 has no later one."""


_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Clock(Protocol):
    """Where the present comes from; tests hand in one that they move themselves."""

    def now(self) -> Instant:
        """The present, cut (not rounded) to the millisecond."""


class SystemClock:
    """The wall clock of this machine. It may step either way: see `resolvers.server_liveness`."""

    def now(self) -> Instant:
        return time.time_ns() // 1_000_000


def to_seconds(milliseconds: int) -> float:
    """Milliseconds as the seconds that clients read."""
    return milliseconds / SECOND


def to_rfc3339(instant: Instant) -> str:
    """RFC 3339 text in UTC with three decimals."""
    return (_EPOCH + timedelta(milliseconds=instant)).isoformat(timespec="milliseconds")[:-6] + "Z"


def end_of_utc_day(instant: Instant) -> Instant:
    """The first instant of the UTC day after that of `instant`; of the very last day its last one."""
    return min((instant // DAY + 1) * DAY, MAX_INSTANT)
