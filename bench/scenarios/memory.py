"""What a subscriber costs to whom nothing happens."""

from collections.abc import Sequence
from time import perf_counter
from typing import Final

from bench.harness import Ground, by_turns
from bench.scenarios.base import Column, Reading, Row
from bench.scenarios.subscriptions import EQUAL
from bench.servers import RECIPES, Recipe
from bench.subscribers.process import CrowdProcess, watching

SUBSCRIBERS: Final = 5000


class Memory:
    name = "memory"
    title = "memory per idle subscriber"
    case = "subs."
    columns = (Column("KB each", ",.1f"), Column("s to open", ".1f"))
    less_is_better = True

    async def rows(self, ground: Ground) -> Sequence[Row]:
        count = ground.effort.of(SUBSCRIBERS)
        async with ground.crowd(count) as crowd:
            turns = await by_turns(RECIPES, ground.effort.restarts, lambda one: _cost(ground, crowd, one, count))
        return [Row(recipe.name, f"{count:,}", readings) for recipe, readings in turns]


async def _cost(ground: Ground, crowd: CrowdProcess, recipe: Recipe, count: int) -> Reading:
    async with ground.fresh(recipe, 1) as server:
        before, began = server.resident_bytes, perf_counter()
        async with watching(server, crowd, EQUAL, count):
            return (server.resident_bytes - before) / count / 1000, perf_counter() - began
