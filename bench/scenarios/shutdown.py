"""From SIGTERM to exit, with streams open whose clients stay."""

from collections.abc import Sequence
from math import inf
from typing import Final

from bench.harness import Harness, interleaved
from bench.scenarios.base import Column, Row, Sample
from bench.scenarios.subscriptions import SHARED_DOCUMENTS
from bench.servers import SERVER_SPECS, ServerSpec
from bench.subscribers.process import SubscriberProcess, subscribed

STREAMS: Final = 500
STOP_TIMEOUT: Final = 10.0
"""Seconds after which a server is killed."""
STREAM_TYPES: Final = {"sockets": "WebSockets", "streams": "event streams"}


class Shutdown:
    name = "shutdown"
    title = f"from SIGTERM to exit; more than {STOP_TIMEOUT:.0f} s is ∞"
    case = "open"
    columns = (Column("s", ".1f"),)
    lower_is_better = True

    async def rows(self, harness: Harness) -> Sequence[Row]:
        count = harness.effort.scaled(STREAMS)
        rows: list[Row] = []
        async with harness.subscriber_process(count) as process:
            for kind, label in STREAM_TYPES.items():

                async def exit_(recipe: ServerSpec, kind: str = kind) -> Sample:
                    return await _measure(harness, process, recipe, kind, count)

                results = await interleaved(SERVER_SPECS, harness.effort.restarts, exit_)
                rows += (Row(recipe.name, f"{count} {label}", readings) for recipe, readings in results)
        return rows


async def _measure(harness: Harness, process: SubscriberProcess, spec: ServerSpec, kind: str, count: int) -> Sample:
    async with harness.new_server(spec, 1) as server, subscribed(server, process, SHARED_DOCUMENTS, count, kind):
        await process.call("may_go", wanted=None)
        seconds = await server.stop(STOP_TIMEOUT)
        return (inf if seconds is None else seconds,)
