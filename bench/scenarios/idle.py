"""Ten thousand dashboards to which nothing happens (promise 12)."""

import asyncio
from collections.abc import Sequence
from typing import Final

from bench.harness import Harness
from bench.scenarios.base import Column, Row
from bench.scenarios.subscriptions import SESSION_COUNT, SHARED_DOCUMENTS
from bench.servers import SESSION_GRAPH
from bench.subscribers.process import subscribed

SUBSCRIBERS: Final = 10_000


class Idle:
    name = "idle"
    title = "idle dashboards; promised: ≤ 60 KB each, ≤ 10 % of a core, none cut off"
    case = "subs."
    columns = (Column("KB each", ".1f"), Column("core", ".1%"), Column("live"), Column("cut off"), Column("s", ".0f"))
    lower_is_better = True

    async def rows(self, harness: Harness) -> Sequence[Row]:
        count, seconds = harness.effort.scaled(SUBSCRIBERS), harness.effort.idle_seconds
        async with (
            harness.subscriber_process(count) as process,
            harness.new_server(SESSION_GRAPH, SESSION_COUNT) as server,
        ):
            before = server.resident_bytes
            async with subscribed(server, process, SHARED_DOCUMENTS, count):
                await process.call("may_go", wanted=None)  # who is cut off is counted
                cpu_before = server.cpu_seconds
                await asyncio.sleep(seconds)
                cpu_share = (server.cpu_seconds - cpu_before) / seconds
                kilobytes_each = (server.resident_bytes - before) / count / 1000
                state = await process.call("state")
                if state["live"] == count:
                    await process.call("show", moves=1)
        return [
            Row(
                server.name,
                f"{count:,}",
                [(kilobytes_each, cpu_share, state["live"], sum(state["cut"].values()), seconds)],
            )
        ]
