"""From SIGTERM to exit, with streams open whose clients stay."""

from collections.abc import Sequence
from math import inf
from typing import Final

from bench.harness import Ground, by_turns
from bench.scenarios.base import Column, Reading, Row
from bench.scenarios.subscriptions import EQUAL
from bench.servers import RECIPES, Recipe
from bench.subscribers.process import CrowdProcess, watching

STREAMS: Final = 500
WITHIN: Final = 10.0
"""Seconds after which a server is killed."""
KINDS: Final = {"sockets": "WebSockets", "streams": "event streams"}


class Shutdown:
    name = "shutdown"
    title = f"from SIGTERM to exit; more than {WITHIN:.0f} s is ∞"
    case = "open"
    columns = (Column("s", ".1f"),)
    less_is_better = True

    async def rows(self, ground: Ground) -> Sequence[Row]:
        count = ground.effort.of(STREAMS)
        rows: list[Row] = []
        async with ground.crowd(count) as crowd:
            for kind, words in KINDS.items():

                async def exit_(recipe: Recipe, kind: str = kind) -> Reading:
                    return await _exit(ground, crowd, recipe, kind, count)

                turns = await by_turns(RECIPES, ground.effort.restarts, exit_)
                rows += (Row(recipe.name, f"{count} {words}", readings) for recipe, readings in turns)
        return rows


async def _exit(ground: Ground, crowd: CrowdProcess, recipe: Recipe, kind: str, count: int) -> Reading:
    async with ground.fresh(recipe, 1) as server, watching(server, crowd, EQUAL, count, kind):
        await crowd.do("may_go", wanted=None)
        seconds = await server.stop(WITHIN)
        return (inf if seconds is None else seconds,)
