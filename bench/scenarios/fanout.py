"""Deliveries: sessions move as fast as all subscribers are told of it."""

from collections.abc import Sequence
from typing import Any, Final

from bench.harness import Ground, by_turns
from bench.scenarios.base import Column, Reading, Row
from bench.scenarios.subscriptions import Audience, audiences

SUBSCRIBERS: Final = 1000
WINDOW: Final = 8
"""Moves that are under way at once: the next begins when all were told of that one so many before."""


class Fanout:
    """Deliveries per second, and per second that the server's processor worked for them."""

    case = "subs."
    columns = (Column("per s"), Column("per CPU s"), Column("load", ".0%"))
    less_is_better = False

    def __init__(self, name: str, title: str, documents: Sequence[dict[str, Any]]) -> None:
        self.name = name
        self.title = title
        self._documents = documents

    async def rows(self, ground: Ground) -> Sequence[Row]:
        effort = ground.effort
        count = effort.of(SUBSCRIBERS)
        async with audiences(ground, self._documents, count) as found:
            for audience in found:
                await _delivered(audience, effort.warm_up)
            turns = await by_turns(found, effort.runs, lambda audience: _delivered(audience, effort.seconds))
        return [Row(audience.server.name, f"{count:,}", readings) for audience, readings in turns]


async def _delivered(audience: Audience, seconds: float) -> Reading:
    spent = audience.server.processor_seconds
    said = await audience.crowd.do("saturate", seconds=seconds, window=WINDOW)
    worked = audience.server.processor_seconds - spent
    return said["delivered"] / said["seconds"], said["all_delivered"] / worked, said["busy"]
