"""How old a change is when its subscribers are told of it: from the mutation's beginning, over there, and back.

A server that cannot follow may refuse changes; nobody is ever told of those, which counts as infinitely late.
"""

from collections.abc import Sequence
from math import inf
from typing import Final

from bench.harness import Harness, interleaved
from bench.scenarios.base import Column, Row, Sample
from bench.scenarios.subscriptions import SHARED_DOCUMENTS, SubscribedServer, subscribed_servers

SUBSCRIBERS: Final = 1000
RATE: Final = 10
"""Changes per second, whether the ones before have been delivered or not."""


class Latency:
    name = "latency"
    title = f"from mutation to subscriber, at {RATE} changes a second"
    case = "subs."
    columns = (Column("p99 ms", ",.1f"), Column("p50 ms", ",.1f"), Column("refused"), Column("load", ".0%"))
    lower_is_better = True

    async def rows(self, harness: Harness) -> Sequence[Row]:
        config = harness.effort
        count = config.scaled(SUBSCRIBERS)
        async with subscribed_servers(harness, SHARED_DOCUMENTS, count) as targets:
            for target in targets:
                await _measure(target, config.warm_up)
            results = await interleaved(targets, config.runs, lambda audience: _measure(audience, config.seconds))
        return [Row(audience.server.name, f"{count:,}", readings) for audience, readings in results]


async def _measure(target: SubscribedServer, seconds: float) -> Sample:
    result = await target.process.call("paced", seconds=seconds, rate=RATE)
    return _ms(result["p99"]), _ms(result["p50"]), result["refused"], result["busy"]


def _ms(seconds: float | None) -> float:
    return inf if seconds is None else 1000 * seconds
