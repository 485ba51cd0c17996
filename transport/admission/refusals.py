"""Counts of refused operations, and the log of an overload: one line a minute at most."""

from collections import Counter
from typing import Final

import structlog

log = structlog.get_logger(__name__)

LOG_SECONDS: Final = 60.0


class RefusalLog:
    """Logs an overload when it begins, then once a minute, and when a minute has passed without a refusal."""

    def __init__(self) -> None:
        self._began_at: float | None = None
        self._logged_at = 0.0
        self._since_line: Counter[str] = Counter()
        self._total = 0

    def add(self, work: str, reason: str, value: float, now: float) -> None:
        """Count a refused operation; `value` is the seconds that were the reason."""
        self._since_line[work] += 1
        self._total += 1
        if self._began_at is None:
            self._began_at = now
            self._write("overload: refusing operations", now, reason=reason, seconds=round(value, 3))
        self._reason, self._value = reason, value

    def tick(self, now: float) -> None:
        """Write the line that is due, if any."""
        if self._began_at is None or now - self._logged_at < LOG_SECONDS:
            return
        if self._since_line:
            self._write("overload: refusing operations", now, reason=self._reason, seconds=round(self._value, 3))
        else:
            lasted = round(now - self._began_at - LOG_SECONDS)
            log.warning("overload: over", refused=self._total, lasted_seconds=lasted)
            self._began_at, self._total = None, 0

    def _write(self, event: str, now: float, **fields: object) -> None:
        log.warning(event, **fields, refused=dict(self._since_line))
        self._since_line.clear()
        self._logged_at = now
