"""The end of what lives long, when the server stops: nothing new, and what there is ends bit by bit."""

import asyncio
from collections.abc import Callable


class DrainTracker:
    """Whether the server stops, and what has to be told then.

    Clients that lose their streams come back at once: if all ended at the same moment, they would.
    """

    def __init__(self) -> None:
        self.started = False
        self._callbacks: dict[object, Callable[[], None]] = {}
        self._empty = asyncio.Event()

    def __len__(self) -> int:
        return len(self._callbacks)

    def register(self, resource: object, on_drain: Callable[[], None]) -> None:
        """`end` is called once when the server stops, or now if it does; `living` is told apart by identity or
        equality."""
        self._callbacks[resource] = on_drain
        if self.started:
            # It was let in before, and came to life only now.
            asyncio.get_running_loop().call_soon(on_drain)

    def unregister(self, resource: object) -> None:
        """It is over."""
        self._callbacks.pop(resource, None)
        if not self._callbacks:
            self._empty.set()

    async def drain(self, seconds: float) -> None:
        """End everything, spread evenly over `seconds`; come back when all are over, or the time is."""
        self.started = True
        if not self._callbacks:
            return
        self._empty.clear()
        loop = asyncio.get_running_loop()
        step = seconds / len(self._callbacks)
        timers = [
            loop.call_later(number * step, callback) for number, callback in enumerate(tuple(self._callbacks.values()))
        ]
        try:
            async with asyncio.timeout(seconds):
                await self._empty.wait()
        except TimeoutError:
            pass
        finally:
            for timer in timers:
                timer.cancel()
