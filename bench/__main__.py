"""`python -m bench`: Session Graph beside a plain peer, in one run on one machine."""

import asyncio
import os
from typing import Annotated

import typer
import uvloop
from rich.console import Console
from rich.table import Table

from bench.compare import Effort, Result, compare, stocked
from bench.load import LoadFailed
from bench.machine import describe_machine
from bench.servers import OURS, PLAIN, ServerFailed, split_cores

QUICK = Effort(seconds=2.0, runs=2, warm_up=0.5, connections=(32,), sessions=1000)


def main(
    seconds: Annotated[float, typer.Option(min=0.1, max=600, help="Seconds of one run.")] = 5.0,
    connections: Annotated[list[int] | None, typer.Option(min=1, max=512, help="Connections; repeatable.")] = None,
    runs: Annotated[int, typer.Option(min=1, max=100, help="Runs of each server at each figure.")] = 3,
    *,
    quick: Annotated[
        bool, typer.Option("--quick", help="A glance in half a minute; other options are ignored.")
    ] = False,
) -> None:
    """Print the figures of Session Graph beside those of a plain strawberry server: medians of repeated runs."""
    chosen = Effort(seconds, runs, 1.0, tuple(connections or (32, 64)), 5000)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_compare(QUICK if quick else chosen))
    except (LoadFailed, ServerFailed) as error:
        raise SystemExit(str(error)) from None


async def _compare(effort: Effort) -> None:
    console = Console()
    serving, loading = split_cores()
    if loading is not None:
        os.sched_setaffinity(0, loading)
    table = _table(effort)
    async with stocked((OURS, PLAIN), effort.sessions, serving) as servers:
        async for results in compare(servers, effort):
            for result in results:
                _add(table, result, results[-1])
            table.add_section()
    console.print(describe_machine(), highlight=False)
    console.print("Servers on one core, load on another." if serving else "Servers and load share their cores.")
    console.print(table)


def _table(effort: Effort) -> Table:
    table = Table(
        title=f"{effort.runs} runs of {effort.seconds:g} s each, by turns; {effort.sessions} sessions in the file",
        caption="per second and latency: medians of the runs; wrong: errors and problems, not counted as answers",
    )
    for name in ("figure", "server"):
        table.add_column(name)
    for name in ("connections", "per second", "slowest – fastest", "p50 ms", "p99 ms", "wrong", "× plain"):
        table.add_column(name, justify="right")
    return table


def _add(table: Table, result: Result, plain: Result) -> None:
    low, high = result.spread
    table.add_row(
        result.figure,
        result.server,
        str(result.connections),
        f"{result.rate:,.0f}",
        f"{low:,.0f} – {high:,.0f}",
        *(f"{1000 * result.latency(share):.1f}" for share in (0.50, 0.99)),
        str(result.wrong),
        f"{result.rate / plain.rate:.1f}" if plain.rate else "–",
    )


if __name__ == "__main__":
    typer.run(main)
