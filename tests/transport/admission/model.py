"""Model of a server on a fake clock, which refuses by its admission."""

from transport.admission import Admission, LoadMonitor, Overloaded
from transport.admission.monitor import SAMPLE_SECONDS
from transport.documents.operation import Work
from transport.metrics import Metrics
from transport.settings import Limits

HOPS = 12
"""Turns of the event loop that an operation takes."""


class ModelServer:
    """Executes `capacity` operations per second in order, and sends one event for each mutation as it can.

    Args:
        capacity: operations per second.
        event_capacity: events per second.
        limits: of the admission.
    """

    def __init__(self, capacity: float, event_capacity: float = 1e9, limits: Limits | None = None) -> None:
        self.now = 1000.0
        self.capacity = capacity
        self.event_capacity = event_capacity
        self.events = 0.0
        self.monitor = LoadMonitor(lambda: self.now)
        self.metrics = Metrics()
        self.admission = Admission(limits or Limits(), self.metrics, self.monitor)
        self.admission.add_lag("streams", "lag_seconds", "Lag.", lambda: self.events / self.event_capacity)
        self.waits: list[float] = []
        """Seconds that each accepted operation took."""
        self.lags: list[float] = []
        self._queue: list[tuple[float, Work]] = []
        self._budget = 0.0
        self._due = dict.fromkeys(Work, 0.0)

    def run(self, seconds: float, **rates: float) -> dict[Work, float]:
        """Let clients send operations at rates by class. Returns which share of each class was refused."""
        sent, refused = dict.fromkeys(Work, 0), dict.fromkeys(Work, 0)
        self.waits, self.lags = [], []
        for _ in range(round(seconds / SAMPLE_SECONDS)):
            self.now += SAMPLE_SECONDS
            for name, rate in rates.items():
                work = Work[name.upper()]
                self._due[work] += rate * SAMPLE_SECONDS
                while self._due[work] >= 1:
                    self._due[work] -= 1
                    sent[work] += 1
                    refused[work] += not self._send(work)
            self._work()
            self.lags.append(self.events / self.event_capacity)
            self.monitor.sample(self._loop_lag())
        return {work: refused[work] / sent[work] for work in Work if sent[work]}

    def _send(self, work: Work) -> bool:
        try:
            if self.admission.is_refusing:
                self.admission.check(work, self.admission.check_any())
        except Overloaded:
            return False
        self.monitor.running[work].count += 1
        self._queue.append((self.now, work))
        return True

    def _work(self) -> None:
        self._budget = min(self._budget, 1.0) + self.capacity * SAMPLE_SECONDS
        while self._queue and self._budget >= 1:
            self._budget -= 1
            sent_at, work = self._queue.pop(0)
            self.monitor.running[work].count -= 1
            self.monitor.running[work].finished += 1
            self.waits.append(self.now - sent_at)
            self.events += work is Work.MUTATION
        self.events = max(0.0, self.events - self.event_capacity * SAMPLE_SECONDS)

    def _loop_lag(self) -> float:
        return len(self._queue) / self.capacity / HOPS if self.capacity else 0.0
