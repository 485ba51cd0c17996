"""Measured load: how late timers fire, how long operations take, and what lags behind."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from math import inf
from typing import Final

from transport.documents.operation import Work

SAMPLE_SECONDS: Final = 0.05
WINDOW_SECONDS: Final = 1.0
"""How long a sample counts; the last `WINDOW_SAMPLES` always do."""
WINDOW_SAMPLES: Final = 5
STANDING_SECONDS: Final = 0.25
"""For how long a value must be exceeded, and in the last `STANDING_SAMPLES`. Collections of garbage are shorter, and a
process that was stopped for an hour has one late sample."""
STANDING_SAMPLES: Final = 3
MAX_STEP_SECONDS: Final = 0.25
"""Time that counts between two samples: a stopped process has not been late, and what waits for it is no overload."""


class Samples:
    """The values of the last second."""

    def __init__(self) -> None:
        self._samples = deque([(-inf, 0.0)] * WINDOW_SAMPLES)
        self.standing = self.typical = self.greatest = 0.0

    @property
    def last(self) -> float:
        return self._samples[-1][1]

    def add(self, now: float, value: float) -> None:
        samples = self._samples
        samples.append((now, value))
        while len(samples) > WINDOW_SAMPLES and samples[0][0] < now - WINDOW_SECONDS:
            samples.popleft()
        values = [value for _, value in samples]
        recent = sum(time > now - STANDING_SECONDS for time, _ in samples)
        self.standing = min(values[-max(recent + 1, STANDING_SAMPLES) :])
        self.typical = sorted(values)[len(values) // 2]
        self.greatest = max(values)


class Running:
    """Counts of the operations of one class."""

    def __init__(self) -> None:
        self.count = 0
        """Operations that run."""
        self.finished = 0
        """Operations that have ended."""
        self._history: deque[tuple[float, int]] = deque()

    def sample(self, now: float) -> None:
        if not self.count:
            self._history.clear()  # while nothing runs, nothing can finish
        self._history.append((now, self.finished))
        while len(self._history) > WINDOW_SAMPLES and self._history[0][0] < now - WINDOW_SECONDS:
            self._history.popleft()

    def seconds(self, now: float) -> float:
        """Return how long an operation will take that begins now: those running, by those finished per second."""
        started, finished_before = self._history[0] if self._history else (now, 0)
        finished = self.finished - finished_before
        return self.count * (now - started) / finished if finished else inf


class LoadMonitor:
    """Samples the load while `sampling`; before, the server counts as idle."""

    def __init__(self, time: Callable[[], float] | None = None) -> None:
        """
        Args:
            time: monotonic clock; that of the running event loop if not provided.
        """
        self.loop_lag = Samples()
        """How late timers fire: as long as a turn of the event loop takes."""
        self.running = {work: Running() for work in Work}
        self.lags: dict[str, Samples] = {}
        """What lags behind, by name."""
        self.on_sample: Callable[[float], None] | None = None
        """Called with the time after each sample."""
        self._time = time
        self._readers: dict[str, Callable[[], float]] = {}
        self._sampled_at = 0.0

    def time(self) -> float:
        return self._time() if self._time else asyncio.get_running_loop().time()

    def add_lag(self, name: str, read: Callable[[], float]) -> None:
        """Sample another lag. `read` returns seconds; it must be quick."""
        self.lags[name] = Samples()
        self._readers[name] = read

    def read_lag(self, name: str) -> float:
        return self._readers[name]()

    def sample(self, lateness: float) -> None:
        """Take a sample with a timer that fired so many seconds late."""
        now = self.time()
        self.loop_lag.add(now, lateness)
        # No lag grows faster than time: a burst that is worked off at once is none.
        step = min(max(now - self._sampled_at, SAMPLE_SECONDS), MAX_STEP_SECONDS)
        self._sampled_at = now
        for name, read in self._readers.items():
            self.lags[name].add(now, min(read(), self.lags[name].last + step))
        for running in self.running.values():
            running.sample(now)
        if self.on_sample is not None:
            self.on_sample(now)

    @asynccontextmanager
    async def sampling(self, *, active: bool = True) -> AsyncIterator[None]:
        """Sample while the context lasts; where it is not `active`, the server always counts as idle."""
        if not active:
            yield
            return
        task = asyncio.create_task(self._run(), name="load monitor")
        try:
            yield
        finally:
            task.cancel()

    async def _run(self) -> None:
        while True:
            due = self.time() + SAMPLE_SECONDS
            await asyncio.sleep(SAMPLE_SECONDS)
            self.sample(max(0.0, self.time() - due))
