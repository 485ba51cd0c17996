"""Token bucket."""


class RateLimiter:
    """Allows `burst` events at once and `rate` a second in the long run."""

    __slots__ = ("_burst", "_rate", "_refilled_at", "_tokens")

    def __init__(self, rate: float, burst: float, now: float) -> None:
        self._rate = rate
        self._burst = self._tokens = float(burst)
        self._refilled_at = now

    def consume(self, count: int, now: float) -> bool:
        """Take `count` tokens; False if there were fewer. `now` is in seconds of a monotonic clock."""
        self._tokens = min(self._tokens + (now - self._refilled_at) * self._rate, self._burst) - count
        self._refilled_at = now
        return self._tokens >= 0
