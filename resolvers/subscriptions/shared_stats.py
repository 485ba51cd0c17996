"""Single flight for statistics: streams of a group share each computation."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from functools import partial
from typing import Any

from resolvers.stats.service import Stats


@dataclass(slots=True)
class _Flight:
    task: "asyncio.Task[Any]"
    waiters: int = 0


class SingleFlightStats:
    """Has the methods of `Stats`, each computed once for equal arguments.

    A computation is cancelled when all its waiters are. One that fails is tried again.
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
            if flight.waiters == 1:  # the last waiter: the others were cancelled, or have seen the failure
                flight.task.cancel()
                if self._flights.get(key) is flight:
                    del self._flights[key]
            raise
        finally:
            flight.waiters -= 1
