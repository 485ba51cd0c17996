"""`python -m bench`: Session Graph beside a plain peer, in one run on one machine."""

import asyncio
import os
from typing import Annotated

import typer
import uvloop
from rich.console import Console

from bench.compare import Effort, compare, stocked
from bench.load import LoadFailed
from bench.machine import describe_load, describe_machine
from bench.servers import OURS, PLAIN, ServerFailed, split_cores
from bench.table import figure_table

QUICK = Effort(seconds=2.0, runs=2, warm_up=0.5, connections=(32,), sessions=1000)


def main(
    seconds: Annotated[float, typer.Option(min=0.1, max=600, help="Seconds of one run.")] = 5.0,
    connections: Annotated[list[int] | None, typer.Option(min=1, max=512, help="Repeatable; 32 and 64.")] = None,
    runs: Annotated[int, typer.Option(min=1, max=100, help="Runs of each server at each figure.")] = 3,
    *,
    quick: Annotated[bool, typer.Option("--quick", help="A glance in half a minute, whatever else is given.")] = False,
) -> None:
    """Print the figures of Session Graph beside those of a plain strawberry server: medians of repeated runs."""
    chosen = Effort(seconds, runs, 1.0, tuple(connections or (32, 64)), 5000)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_compare(QUICK if quick else chosen))
    except (LoadFailed, ServerFailed) as error:
        raise SystemExit(str(error)) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None


async def _compare(effort: Effort) -> None:
    console = Console()
    console.print(describe_machine(), describe_load(), sep="\n", highlight=False)
    serving, loading = split_cores()
    if loading is not None:
        os.sched_setaffinity(0, loading)
    console.print("Servers on one core, load on another." if serving else "Servers and load share their cores.")
    console.print(
        f"{effort.runs} runs of {effort.seconds:g} s each, by turns; {effort.sessions} sessions in each file.\n"
        "Plain peer: strawberry, SQLModel and aiosqlite as their documentation has it.\n"
        "Medians of the runs; spread: slowest to fastest; wrong: errors and problems, not\n"
        "counted as answers; load: how busy the load client kept its core.",
        highlight=False,
    )
    async with stocked((OURS, PLAIN), effort.sessions, serving) as servers:
        async for results in compare(servers, effort):
            console.print(figure_table(results))


if __name__ == "__main__":
    typer.run(main)
