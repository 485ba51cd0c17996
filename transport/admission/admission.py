"""The decision which operations an overloaded server refuses."""

import random
from collections.abc import Callable
from functools import partial
from typing import Final

from transport.admission.monitor import LoadMonitor, Samples
from transport.admission.refusals import RefusalLog
from transport.documents.operation import Work
from transport.errors import Code, Headers, RequestError, make_error
from transport.metrics import Metrics
from transport.results import error_headers
from transport.settings import Limits

MIN_RUNNING: Final = 32
"""Operations of a class that may always run: with so few, the time that one takes says nothing about the load."""
SATURATED_LAG: Final = 0.01
"""Typical lag of an event loop that is never idle. Mutations that are slow while it is idle wait for the disk, or for
another process that has locked the database: to refuse some would not help the others."""
ALLOWED_WAITS: Final = {Work.HEAVY: 2.0, Work.SHORT: 1.0, Work.MUTATION: 1.0}
"""Time that an operation of a class may take, in terms of the limit."""
WAIT_SHARES: Final = {Work.HEAVY: 0.5, Work.SHORT: 0.75, Work.MUTATION: 1.0}
"""Share of that time from which a class is refused. It is refused, too, where a class of higher priority takes as
long."""
LAG_RANGES: Final = {Work.HEAVY: (0.5, 0.75), Work.SHORT: (0.75, 1.0), Work.MUTATION: (1.0, 2.0)}
"""Shares of the allowed lag from which a class is refused in part, and as far as it is."""
MAX_SHARE: Final = 0.9
"""Of a class that is refused for a lag. A lag of long standing, after a change of thousands of sessions, must not lock
out the others."""
RETRY_SECONDS: Final = (1.0, 3.0)
"""Range of `retryAfter`, at random, so that clients do not return together."""
GOLDEN_RATIO: Final = 0.6180339887498949
MAX_SECONDS: Final = 1e6
"""Of a time. While nothing finishes it would be infinite, beyond a limit that switches this off."""


class Overloaded(RequestError):
    """The refusal of an operation by an overloaded server. There may be too many of them for the request log."""

    logged = False


class Queue:
    """Whether the operations of one class take too long."""

    def __init__(self, work: Work, monitor: LoadMonitor, limit: float) -> None:
        self.allowed = limit * ALLOWED_WAITS[work]
        self.is_congested = False
        self._running = monitor.running[work]
        self._loop_lag = monitor.loop_lag if work is Work.MUTATION else None
        self._waits = Samples()

    def seconds(self, now: float) -> float:
        """Return the time that an operation takes that begins now; 0 while only a few run."""
        return min(self._running.seconds(now), MAX_SECONDS) if self._running.count >= MIN_RUNNING else 0.0

    def sample(self, now: float) -> None:
        self._waits.add(now, self.seconds(now))
        if self._waits.greatest < self.allowed * WAIT_SHARES[Work.HEAVY] / 2:
            self.is_congested = False
        elif self._waits.standing > self.allowed * WAIT_SHARES[Work.HEAVY]:
            self.is_congested = self._loop_lag is None or self._loop_lag.typical >= SATURATED_LAG


class Admission:
    """Refuses operations while the server is overloaded, those of low priority first.

    Operations: while those of a class take too long, a class is refused as long as the number that runs, by the rate at
    which they finish, promises a longer wait than `Limits.overload_wait_seconds`. So no queue builds up, and what is
    accepted settles at what the server can do.

    Lags: a share of a class is refused that grows with the lag (see `LAG_RANGES`). So the lag settles where what is
    accepted is what the server can do.
    """

    def __init__(self, limits: Limits, metrics: Metrics, monitor: LoadMonitor | None = None) -> None:
        self.monitor = monitor or LoadMonitor()
        self.monitor.on_sample = self._on_sample
        self._queues = {work: Queue(work, self.monitor, limits.overload_wait_seconds) for work in Work}
        self._allowed_lag = limits.overload_lag_seconds
        self._shares = dict.fromkeys(Work, 0.0)
        self._lag_reason: tuple[str, float] = "", 0.0
        self.is_refusing = False
        """Whether any request may be refused; if not, none has to be checked."""
        self._metrics = metrics
        self._log = RefusalLog()
        self._ticket = 0.0
        self._random = random.Random()  # noqa: S311 - it keeps no secret
        metrics.add_gauge(
            "graphql_event_loop_lag_seconds",
            "Greatest delay of a timer in the last second.",
            lambda: self.monitor.loop_lag.greatest,
        )

    def add_lag(self, name: str, metric: str, documentation: str, read: Callable[[], float]) -> None:
        """Let a lag, in seconds, count as load; `metric` is the name of its gauge. A later one replaces it."""
        if name not in self.monitor.lags:
            self._metrics.add_gauge(metric, documentation, partial(self.monitor.read_lag, name))
        self.monitor.add_lag(name, read)

    def check_any(self, headers: Headers = ()) -> float:
        """Return a request's ticket. Raises Overloaded, with these headers, if it is refused whatever its class.

        The ticket is a number from 0 to 1, by which the request is refused where a share is. It keeps its ticket, so
        that what is refused whatever it is can be refused before it is read.
        """
        ticket = self._draw()
        self._check(Work.MUTATION, ticket, "any", headers)
        return ticket

    def check(self, work: Work, ticket: float | None) -> None:
        """Raise Overloaded if a request of this class is refused; without a ticket it gets one."""
        self._check(work, self._draw() if ticket is None else ticket, work.name.lower())

    def _draw(self) -> float:
        # Consecutive numbers of this sequence are spread evenly: out of ten, five are below 0.5.
        self._ticket = (self._ticket + GOLDEN_RATIO) % 1.0
        return self._ticket

    def _check(self, work: Work, ticket: float, label: str, headers: Headers = ()) -> None:
        reason = self._reason(work, ticket)
        if reason is None:
            return
        name, seconds = reason
        self._log.add(label, name, min(seconds, MAX_SECONDS), self.monitor.time())
        self._metrics.count_refusal(label, name)
        error = make_error(
            Code.SERVICE_UNAVAILABLE,
            "The server is overloaded; try again.",
            retryable=True,
            retryAfter=round(self._random.uniform(*RETRY_SECONDS), 1),
        )
        raise Overloaded([error], headers=(*headers, *error_headers(error["extensions"])))

    def _reason(self, work: Work, ticket: float) -> tuple[str, float] | None:
        """Return what is late and by how many seconds, if that is why a request is refused."""
        if ticket < self._shares[work]:
            return self._lag_reason
        for other, queue in self._queues.items():
            if other >= work and queue.is_congested:
                seconds = queue.seconds(self.monitor.time())
                if seconds > queue.allowed * WAIT_SHARES[work]:
                    return other.name.lower(), seconds
        return None

    def _on_sample(self, now: float) -> None:
        for queue in self._queues.values():
            queue.sample(now)
        lags = ((lag.standing, name) for name, lag in self.monitor.lags.items())
        lag, name = max(lags, default=(0.0, ""))
        self._lag_reason = name, lag
        for work, (start, end) in LAG_RANGES.items():
            self._shares[work] = min(MAX_SHARE, max(0.0, (lag / self._allowed_lag - start) / (end - start)))
        self.is_refusing = self._shares[Work.HEAVY] > 0 or any(queue.is_congested for queue in self._queues.values())
        self._log.tick(now)
