"""A restart under dashboards, which come back as soon as they can, by themselves."""

from collections.abc import Sequence
from time import perf_counter
from typing import Any, Final

from bench.harness import Ground, by_turns
from bench.load_generator import LoadFailed
from bench.scenarios.base import Column, Reading, Row
from bench.scenarios.subscriptions import EQUAL, FIELDS, SESSIONS
from bench.servers import OURS, RECIPES, Recipe, Server
from bench.subscribers.process import CrowdProcess, watching

DASHBOARDS: Final = 2000
MISSED: Final = 5
"""Changes that each dashboard has missed when it comes back, as if the last ones had not reached it."""
WITHIN: Final = 90.0
"""Seconds in which all must be back."""

RESUMABLE: Final[list[dict[str, Any]]] = [
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
    title = f"restart until all dashboards are back: ours from their cursors, {MISSED} changes later; else anew"
    case = "subs."
    columns = (Column("s", ".1f"), Column("exit s", ".1f"), Column("ready s", ".1f"))
    less_is_better = True

    async def rows(self, ground: Ground) -> Sequence[Row]:
        count = ground.effort.of(DASHBOARDS)
        async with ground.crowd(count) as crowd:
            turns = await by_turns(RECIPES, ground.effort.restarts, lambda one: _gap(ground, crowd, one, count))
        return [Row(recipe.name, f"{count:,}", readings) for recipe, readings in turns]


async def _gap(ground: Ground, crowd: CrowdProcess, recipe: Recipe, count: int) -> Reading:
    resumes = recipe is OURS
    async with (
        ground.fresh(recipe, SESSIONS) as server,
        watching(server, crowd, RESUMABLE if resumes else EQUAL, count),
    ):
        began = perf_counter()
        exited = await restarted(server, crowd, wanted=MISSED if resumes else 1)
        ready = perf_counter() - began
        back = await all_back(crowd)
        return back - began, exited, ready


async def restarted(server: Server, crowd: CrowdProcess, wanted: int) -> float:
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
    await crowd.do("show", moves=MISSED)
    await crowd.do("may_go", wanted=wanted)
    exited = await server.stop()
    if exited is None:
        raise LoadFailed(f"{server.name} did not stop")
    await server.start()
    return exited


async def all_back(crowd: CrowdProcess) -> float:
    """Wait till all dashboards are back, and told of what happens then: when the last one was, by `perf_counter`."""
    at: float = (await crowd.do("back", within=WITHIN))["at"]
    await crowd.do("show", moves=1)
    return at
