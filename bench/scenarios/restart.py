"""A restart under dashboards, which come back as soon as they can, by themselves."""

from collections.abc import Sequence
from time import perf_counter
from typing import Any, Final

from bench.harness import Harness, interleaved
from bench.load_generator import LoadFailed
from bench.scenarios.base import Column, Row, Sample
from bench.scenarios.subscriptions import FIELDS, SESSION_COUNT, SHARED_DOCUMENTS
from bench.servers import SERVER_SPECS, SESSION_GRAPH, Server, ServerSpec
from bench.subscribers.process import SubscriberProcess, subscribed

SUBSCRIBERS: Final = 2000
MISSED_CHANGES: Final = 5
"""Changes that each dashboard has missed when it comes back, as if the last ones had not reached it."""
RECONNECT_TIMEOUT: Final = 90.0
"""Seconds in which all must be back."""

RESUMABLE_DOCUMENTS: Final[list[dict[str, Any]]] = [
    {
        "query": f"""subscription Watch($after: String) {{
  activeSessions(after: $after) {{
    __typename
    ... on SessionSnapshot {{ totalCount last cursor sessions {{ {FIELDS} }} }}
    ... on SessionChange {{ change id at cursor session {{ {FIELDS} }} }}
    ... on FeedResync {{ reason cursor }}
  }}
}}""",
        "variables": {},
    }
]


class Restart:
    name = "restart"
    title = f"restart until all dashboards are back: ours from their cursors, {MISSED_CHANGES} changes later; else anew"
    case = "subs."
    columns = (Column("s", ".1f"), Column("exit s", ".1f"), Column("ready s", ".1f"))
    lower_is_better = True

    async def rows(self, harness: Harness) -> Sequence[Row]:
        count = harness.effort.scaled(SUBSCRIBERS)
        async with harness.subscriber_process(count) as process:
            results = await interleaved(
                SERVER_SPECS, harness.effort.restarts, lambda one: _measure(harness, process, one, count)
            )
        return [Row(recipe.name, f"{count:,}", readings) for recipe, readings in results]


async def _measure(harness: Harness, process: SubscriberProcess, spec: ServerSpec, count: int) -> Sample:
    resumes = spec is SESSION_GRAPH
    async with (
        harness.new_server(spec, SESSION_COUNT) as server,
        subscribed(server, process, RESUMABLE_DOCUMENTS if resumes else SHARED_DOCUMENTS, count),
    ):
        began = perf_counter()
        exited = await restart_server(server, process, results_until_live=MISSED_CHANGES if resumes else 1)
        ready = perf_counter() - began
        back = await wait_reconnected(process)
        return back - began, exited, ready


async def restart_server(server: Server, process: SubscriberProcess, results_until_live: int) -> float:
    """Stop a server under its dashboards and start it again; it is ready when this returns.

    Args:
        server: is watched by all.
        crowd: its dashboards: each comes back, where it may from its own snapshot's cursor.
        wanted: how many results tell a dashboard all that it has missed.

    Returns:
        The seconds that it took to exit.

    Raises:
        ServerFailed: it did not start again.
        LoadFailed: it did not stop.
    """
    await process.call("show", moves=MISSED_CHANGES)
    await process.call("may_go", wanted=results_until_live)
    exited = await server.stop()
    if exited is None:
        raise LoadFailed(f"{server.name} did not stop")
    await server.start()
    return exited


async def wait_reconnected(process: SubscriberProcess) -> float:
    """Wait till all dashboards are back, and told of what happens then: when the last one was, by `perf_counter`."""
    at: float = (await process.call("back", within=RECONNECT_TIMEOUT))["at"]
    await process.call("show", moves=1)
    return at
