"""The end of what lives long, when the server stops: nothing new, and what there is ends bit by bit."""

import asyncio
from collections.abc import Callable


class Draining:
    """Whether the server stops, and what has to be told then.

    Clients that lose their streams come back at once: if all ended at the same moment, they would.
    """

    def __init__(self) -> None:
        self.started = False
        self._ends: dict[object, Callable[[], None]] = {}
        self._empty = asyncio.Event()

    def __len__(self) -> int:
        return len(self._ends)

    def enter(self, living: object, end: Callable[[], None]) -> None:
        """`end` is called once when the server stops, or now if it does; `living` is told apart by identity or
        equality."""
        self._ends[living] = end
        if self.started:
            # It was let in before, and came to life only now.
            asyncio.get_running_loop().call_soon(end)

    def leave(self, living: object) -> None:
        """It is over."""
        self._ends.pop(living, None)
        if not self._ends:
            self._empty.set()

    async def drain(self, seconds: float) -> None:
        """End everything, spread evenly over `seconds`; come back when all are over, or the time is."""
        self.started = True
        if not self._ends:
            return
        self._empty.clear()
        loop = asyncio.get_running_loop()
        step = seconds / len(self._ends)
        timers = [loop.call_later(number * step, end) for number, end in enumerate(tuple(self._ends.values()))]
        try:
            async with asyncio.timeout(seconds):
                await self._empty.wait()
        except TimeoutError:
            pass
        finally:
            for timer in timers:
                timer.cancel()
