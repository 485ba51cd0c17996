"""Graceful shutdown of streams and sockets."""

import asyncio
from collections.abc import Callable


class DrainTracker:
    """Resources to end when the server stops, spread over time because clients reconnect at once."""

    def __init__(self) -> None:
        self.started = False
        self._callbacks: dict[object, Callable[[], None]] = {}
        self._empty = asyncio.Event()

    def __len__(self) -> int:
        return len(self._callbacks)

    def register(self, resource: object, on_drain: Callable[[], None]) -> None:
        """Call `on_drain` once when the server stops, or now if it is stopping; `resource` is a hashable key."""
        self._callbacks[resource] = on_drain
        if self.started:
            # Admitted before the shutdown, registered only now.
            asyncio.get_running_loop().call_soon(on_drain)

    def unregister(self, resource: object) -> None:
        self._callbacks.pop(resource, None)
        if not self._callbacks:
            self._empty.set()

    async def drain(self, seconds: float) -> None:
        """Run all callbacks, spread evenly over `seconds`; return when all resources are unregistered or time is up."""
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
