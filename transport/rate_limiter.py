"""Token bucket."""


class RateLimiter:
    """Allows `burst` events at once and `rate` a second in the long run."""

    __slots__ = ("_burst", "_credit", "_rate", "_refilled_at")

    def __init__(self, rate: float, burst: float, now: float) -> None:
        self._rate = rate
        self._burst = self._credit = float(burst)
        self._refilled_at = now

    def available(self, now: float) -> float:
        """Return the credit; less than 0 while more has been taken than there was.

        `now` is in seconds of a monotonic clock.
        """
        self._credit = min(self._credit + (now - self._refilled_at) * self._rate, self._burst)
        self._refilled_at = now
        return self._credit

    def consume(self, count: float, now: float) -> bool:
        """Take `count`; False if there was less."""
        self._credit = self.available(now) - count
        return self._credit >= 0

    def is_full(self, now: float) -> bool:
        return self.available(now) >= self._burst

    def seconds_until_one(self, now: float) -> float:
        return max(0.0, (1 - self.available(now)) / self._rate)
