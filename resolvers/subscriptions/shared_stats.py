"""Statistics that several streams ask for, and that are counted once for all of them."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from functools import partial
from typing import Any

from resolvers.stats import Stats


@dataclass(slots=True)
class _Asked:
    """A figure that is being counted, or was."""

    task: "asyncio.Task[Any]"
    waiting: int = 0


class SharedStats:
    """The figures of `Stats`, under the same names, each counted when it is first asked for.

    Who gives up waiting takes it away from nobody else; when all have, counting stops. What failed is tried again.
    """

    def __init__(self, stats: Stats) -> None:
        self._stats = stats
        self._asked: dict[Hashable, _Asked] = {}

    def __getattr__(self, figure: str) -> Callable[..., Awaitable[Any]]:
        return partial(self._once, getattr(self._stats, figure))

    async def _once(self, count: Callable[..., Any], *args: Hashable, **named: Hashable) -> Any:
        key = (count.__name__, args, frozenset(named.items()))
        asked = self._asked.get(key)
        if asked is None:
            asked = self._asked[key] = _Asked(asyncio.create_task(count(*args, **named)))
        asked.waiting += 1
        try:
            return await asyncio.shield(asked.task)
        except BaseException:
            if asked.waiting == 1:  # nobody else waits for it, or it has failed and all have been told
                asked.task.cancel()
                if self._asked.get(key) is asked:
                    del self._asked[key]
            raise
        finally:
            asked.waiting -= 1
