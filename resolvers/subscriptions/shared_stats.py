"""Statistics that several streams ask for, and that are counted once for all of them."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from functools import partial
from typing import Any

from resolvers.stats import Stats


@dataclass(slots=True)
class _Flight:
    """A figure that is being counted, or was."""

    task: "asyncio.Task[Any]"
    waiters: int = 0


class SingleFlightStats:
    """The figures of `Stats`, under the same names, each counted when it is first asked for.

    Who gives up waiting takes it away from nobody else; when all have, counting stops. What failed is tried again.
    """

    def __init__(self, stats: Stats) -> None:
        self._stats = stats
        self._flights: dict[Hashable, _Flight] = {}

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        return partial(self._join_flight, getattr(self._stats, name))

    async def _join_flight(self, compute: Callable[..., Any], *args: Hashable, **kwargs: Hashable) -> Any:
        key = (compute.__name__, args, frozenset(kwargs.items()))
        flight = self._flights.get(key)
        if flight is None:
            flight = self._flights[key] = _Flight(asyncio.create_task(compute(*args, **kwargs)))
        flight.waiters += 1
        try:
            return await asyncio.shield(flight.task)
        except BaseException:
            if flight.waiters == 1:  # nobody else waits for it, or it has failed and all have been told
                flight.task.cancel()
                if self._flights.get(key) is flight:
                    del self._flights[key]
            raise
        finally:
            flight.waiters -= 1
