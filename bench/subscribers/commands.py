"""What a crowd can be told to do, and what it says then: plain values, to be sent from process to process."""

import asyncio
from array import array
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from math import inf
from time import perf_counter, process_time
from typing import Any, Final

from bench.load_generator import LoadFailed, Refused
from bench.statistics import percentile
from bench.subscribers.pool import Crowd, Listener
from bench.subscribers.publisher import Feeder, age
from bench.subscribers.subscriber import SocketWatcher, StreamWatcher

PATIENCE: Final = 60.0
"""Seconds in which the last results must come."""
KINDS: Final = {"sockets": SocketWatcher, "streams": StreamWatcher}

Said = dict[str, Any]


class Orders:
    """A crowd, and somebody who gives it something to look at. All methods raise LoadFailed."""

    def __init__(self) -> None:
        self._crowd: Crowd | None = None
        self._feeder: Feeder | None = None

    @property
    def crowd(self) -> Crowd:
        if self._crowd is None:
            raise LoadFailed("there is no crowd")
        return self._crowd

    @property
    def feeder(self) -> Feeder:
        if self._feeder is None:
            raise LoadFailed("there are no sessions to be moved")
        return self._feeder

    # ---- coming and going ----

    async def open(
        self, port: int, documents: Sequence[Mapping[str, Any]], count: int, sessions: list[str], kind: str
    ) -> Said:
        """Have so many watchers, which are live then; `sessions` are those that will move."""
        began = perf_counter()
        self._crowd = Crowd(port, documents, count, KINDS[kind])
        self._feeder = Feeder(port, sessions)
        await self.crowd.open(PATIENCE + count / 50)
        return {"seconds": perf_counter() - began}

    async def close(self) -> Said:
        """Have none any more."""
        self.crowd.close()
        self.feeder.close()
        self._crowd = self._feeder = None
        return {}

    async def may_go(self, *, wanted: int | None) -> Said:
        """From now on being cut off is no failure. With `wanted` whoever is comes back, and is live when it was told so
        many results."""
        self.crowd.abandoned = wanted is None
        if wanted is not None:
            self.crowd.returning, self.crowd.wanted = True, wanted
        return {}

    async def back(self, within: float) -> Said:
        """Wait till all have come back: when the last one had, by `perf_counter`."""
        await self.crowd.live.reached(len(self.crowd), within)
        self.crowd.returning = False
        return {"at": self.crowd.last_arrival}

    async def state(self) -> Said:
        """How many are live, and how many were cut off with which code; 0: without a word."""
        return {"live": self.crowd.live.value, "cut": {str(code): count for code, count in self.crowd.cut.items()}}

    # ---- something to look at ----

    async def show(self, moves: int) -> Said:
        """Move so many sessions, which all watchers are told of."""
        told = self.crowd.delivered.value + moves * len(self.crowd)
        for _ in range(moves):
            await self.feeder.move()
        await self.crowd.delivered.reached(told, PATIENCE)
        return {}

    async def saturate(self, seconds: float, window: int) -> Said:
        """Move sessions as fast as the watchers are told of it: the next one when all were told of that `window` moves
        before it."""
        crowd, feeder = self.crowd, self.feeder
        begun, first = 0, crowd.delivered.value
        began, spent = perf_counter(), process_time()

        async def lane() -> None:
            nonlocal begun
            while perf_counter() < began + seconds:
                begun += 1
                told = first + begun * len(crowd)
                await feeder.move()
                await crowd.delivered.reached(told, PATIENCE)

        lanes = [asyncio.create_task(lane()) for _ in range(window)]
        await asyncio.sleep(seconds)
        said = _work(began, spent) | {"delivered": crowd.delivered.value - first}
        await asyncio.gather(*lanes)
        return said | {"all_delivered": crowd.delivered.value - first}

    async def paced(self, seconds: float, rate: float) -> Said:
        """Move so many sessions a second, whatever comes of it: how many seconds later the watchers are told. Of what
        the server refuses they are never told: null, where that decides."""
        crowd, feeder = self.crowd, self.feeder
        ages = array("d")
        count, first = round(seconds * rate), crowd.delivered.value
        began, spent = perf_counter(), process_time()

        async def move(at: float) -> bool:
            await asyncio.sleep(at - perf_counter())
            try:
                await feeder.move(at)
            except Refused:
                return False
            return True

        def note(received: bytes, start: int, end: int) -> None:
            ages.append(age(received, start, end, perf_counter()))

        with self._listening(note):
            moved = sum(await asyncio.gather(*(move(began + number / rate) for number in range(count))))
            said = _work(began, spent)
            await crowd.delivered.reached(first + moved * len(crowd), PATIENCE)
        ages.extend([inf] * ((count - moved) * len(crowd)))
        return said | {"refused": count - moved, "p50": percentile(ages, 0.5), "p99": percentile(ages, 0.99)}

    @contextmanager
    def _listening(self, listener: Listener) -> Iterator[None]:
        self.crowd.listener = listener
        try:
            yield
        finally:
            self.crowd.listener = None


def _work(began: float, spent: float) -> Said:
    """How long something took, and which share of a core this process needed for it."""
    seconds = perf_counter() - began
    return {"seconds": seconds, "busy": (process_time() - spent) / seconds}
