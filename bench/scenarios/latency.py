"""How old a change is when its subscribers are told of it: from the mutation's beginning, over there, and back.

A server that cannot follow may refuse changes; nobody is ever told of those, which counts as infinitely late.
"""

from collections.abc import Sequence
from math import inf
from typing import Final

from bench.harness import Ground, by_turns
from bench.scenarios.base import Column, Reading, Row
from bench.scenarios.subscriptions import EQUAL, Audience, audiences

SUBSCRIBERS: Final = 1000
RATE: Final = 10
"""Changes per second, whether the ones before have been delivered or not."""


class Latency:
    name = "latency"
    title = f"from mutation to subscriber, at {RATE} changes a second"
    case = "subs."
    columns = (Column("p99 ms", ",.1f"), Column("p50 ms", ",.1f"), Column("refused"), Column("load", ".0%"))
    less_is_better = True

    async def rows(self, ground: Ground) -> Sequence[Row]:
        effort = ground.effort
        count = effort.of(SUBSCRIBERS)
        async with audiences(ground, EQUAL, count) as found:
            for audience in found:
                await _told(audience, effort.warm_up)
            turns = await by_turns(found, effort.runs, lambda audience: _told(audience, effort.seconds))
        return [Row(audience.server.name, f"{count:,}", readings) for audience, readings in turns]


async def _told(audience: Audience, seconds: float) -> Reading:
    said = await audience.crowd.do("paced", seconds=seconds, rate=RATE)
    return _ms(said["p99"]), _ms(said["p50"]), said["refused"], said["busy"]


def _ms(seconds: float | None) -> float:
    return inf if seconds is None else 1000 * seconds
