"""Token bucket."""


class RateLimiter:
    """Allows `burst` events at once and `rate` a second in the long run."""

    __slots__ = ("_burst", "_rate", "_refilled_at", "_tokens")

    def __init__(self, rate: float, burst: float, now: float) -> None:
        self._rate = rate
        self._burst = self._tokens = float(burst)
        self._refilled_at = now

    def available(self, now: float) -> float:
        """Return the tokens that there are; less than 0 while more have been taken than there were.

        `now` is in seconds of a monotonic clock.
        """
        self._tokens = min(self._tokens + (now - self._refilled_at) * self._rate, self._burst)
        self._refilled_at = now
        return self._tokens

    def consume(self, count: float, now: float) -> bool:
        """Take `count` tokens; False if there were fewer."""
        self._tokens = self.available(now) - count
        return self._tokens >= 0

    def is_full(self, now: float) -> bool:
        return self.available(now) >= self._burst

    def seconds_until_one(self, now: float) -> float:
        return max(0.0, (1 - self.available(now)) / self._rate)
