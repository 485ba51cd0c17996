"""What a subscriber costs to whom nothing happens."""

from collections.abc import Sequence
from time import perf_counter
from typing import Final

from bench.harness import Harness, interleaved
from bench.scenarios.base import Column, Row, Sample
from bench.scenarios.subscriptions import SHARED_DOCUMENTS
from bench.servers import SERVER_SPECS, ServerSpec
from bench.subscribers.process import SubscriberProcess, subscribed

SUBSCRIBERS: Final = 5000


class Memory:
    name = "memory"
    title = "memory per idle subscriber"
    case = "subs."
    columns = (Column("KB each", ",.1f"), Column("s to open", ".1f"))
    lower_is_better = True

    async def rows(self, harness: Harness) -> Sequence[Row]:
        count = harness.effort.scaled(SUBSCRIBERS)
        async with harness.subscriber_process(count) as process:
            results = await interleaved(
                SERVER_SPECS, harness.effort.restarts, lambda one: _measure(harness, process, one, count)
            )
        return [Row(recipe.name, f"{count:,}", readings) for recipe, readings in results]


async def _measure(harness: Harness, process: SubscriberProcess, spec: ServerSpec, count: int) -> Sample:
    async with harness.new_server(spec, 1) as server:
        before, began = server.resident_bytes, perf_counter()
        async with subscribed(server, process, SHARED_DOCUMENTS, count):
            return (server.resident_bytes - before) / count / 1000, perf_counter() - began
