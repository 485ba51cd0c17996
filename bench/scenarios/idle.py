"""Ten thousand dashboards to which nothing happens (promise 12)."""

import asyncio
from collections.abc import Sequence
from typing import Final

from bench.harness import Ground
from bench.scenarios.base import Column, Row
from bench.scenarios.subscriptions import EQUAL, SESSIONS
from bench.servers import OURS
from bench.subscribers.process import watching

DASHBOARDS: Final = 10_000


class Idle:
    name = "idle"
    title = "idle dashboards; promised: ≤ 60 KB each, ≤ 10 % of a core, none cut off"
    case = "subs."
    columns = (Column("KB each", ".1f"), Column("core", ".1%"), Column("live"), Column("cut off"), Column("s", ".0f"))
    less_is_better = True

    async def rows(self, ground: Ground) -> Sequence[Row]:
        count, seconds = ground.effort.of(DASHBOARDS), ground.effort.idle_seconds
        async with ground.crowd(count) as crowd, ground.fresh(OURS, SESSIONS) as server:
            before = server.resident_bytes
            async with watching(server, crowd, EQUAL, count):
                await crowd.do("may_go", wanted=None)  # who is cut off is counted
                spent = server.processor_seconds
                await asyncio.sleep(seconds)
                share = (server.processor_seconds - spent) / seconds
                each = (server.resident_bytes - before) / count / 1000
                state = await crowd.do("state")
                if state["live"] == count:
                    await crowd.do("show", moves=1)
        return [Row(server.name, f"{count:,}", [(each, share, state["live"], sum(state["cut"].values()), seconds)])]
