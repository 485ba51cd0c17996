"""Deliveries: sessions move as fast as all subscribers are told of it."""

from collections.abc import Sequence
from typing import Any, Final

from bench.harness import Harness, interleaved
from bench.scenarios.base import Column, Row, Sample
from bench.scenarios.subscriptions import SubscribedServer, subscribed_servers

SUBSCRIBERS: Final = 1000
WINDOW: Final = 8
"""Moves that are under way at once: the next begins when all were told of that one so many before."""


class Fanout:
    """Deliveries per second, and per second that the server's processor worked for them."""

    case = "subs."
    columns = (Column("per s"), Column("per CPU s"), Column("load", ".0%"))
    lower_is_better = False

    def __init__(self, name: str, title: str, documents: Sequence[dict[str, Any]]) -> None:
        self.name = name
        self.title = title
        self._documents = documents

    async def rows(self, harness: Harness) -> Sequence[Row]:
        config = harness.effort
        count = config.scaled(SUBSCRIBERS)
        async with subscribed_servers(harness, self._documents, count) as targets:
            for target in targets:
                await _measure(target, config.warm_up)
            results = await interleaved(targets, config.runs, lambda audience: _measure(audience, config.seconds))
        return [Row(audience.server.name, f"{count:,}", readings) for audience, readings in results]


async def _measure(target: SubscribedServer, seconds: float) -> Sample:
    cpu_before = target.server.cpu_seconds
    result = await target.process.call("saturate", seconds=seconds, window=WINDOW)
    cpu_used = target.server.cpu_seconds - cpu_before
    return result["delivered"] / result["seconds"], result["all_delivered"] / cpu_used, result["busy"]
