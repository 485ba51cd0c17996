"""`python -m bench`: Session Graph beside a plain peer, in one run on one machine."""

import asyncio
import os
from collections.abc import Sequence
from time import perf_counter
from typing import Annotated, Final

import typer
import uvloop
from rich.console import Console

from bench.harness import Effort, Ground
from bench.load_generator import LoadFailed
from bench.report import figure_table
from bench.scenarios import FIGURES
from bench.scenarios.base import Figure
from bench.servers import ServerFailed, split_cores
from bench.system_info import MachineLacks, describe_load, describe_machine

USUAL: Final = Effort()
QUICK: Final = Effort(1.0, 1, 1, (32,), 500, 3.0, past=50_000, shrink=10)
NAMES: Final = [figure.name for figure in FIGURES]


def chosen(names: Sequence[str] | None) -> Sequence[Figure]:
    """The figures of these names, in their usual order; all where none is named. Raises typer.BadParameter."""
    if unknown := [name for name in names or () if name not in NAMES]:
        raise typer.BadParameter(f"there is no figure {', '.join(unknown)}; there are {', '.join(NAMES)}")
    return [figure for figure in FIGURES if not names or figure.name in names]


def main(  # noqa: PLR0913 - one for each option
    figures: Annotated[list[str] | None, typer.Argument(help=f"Which of {', '.join(NAMES)}; all.")] = None,
    *,
    seconds: Annotated[float, typer.Option(min=0.1, max=600, help="Seconds of one run.")] = USUAL.seconds,
    runs: Annotated[int, typer.Option(min=1, max=100, help="Runs of each server at each figure.")] = USUAL.runs,
    restarts: Annotated[
        int, typer.Option(min=1, max=100, help="The same, where each needs a new server.")
    ] = USUAL.restarts,
    connections: Annotated[list[int] | None, typer.Option(min=1, max=512, help="Repeatable; 32 and 64.")] = None,
    idle_seconds: Annotated[
        float, typer.Option(min=1, max=86400, help="Seconds for which idle dashboards are watched.")
    ] = USUAL.idle_seconds,
    past: Annotated[
        int, typer.Option(min=1000, max=100_000_000, help="Sessions in the file with a long past.")
    ] = USUAL.past,
    quick: Annotated[
        bool,
        typer.Option(
            "--quick", help="A glance: a tenth of the subscribers, a short past, one short run, whatever else is given."
        ),
    ] = False,
) -> None:
    """Print figures of Session Graph beside those of a plain strawberry server: medians of repeated runs."""
    wanted = chosen(figures)
    given = tuple(connections or USUAL.connections)
    effort = Effort(seconds, runs, restarts, given, USUAL.sessions, idle_seconds, past)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(measure(wanted, QUICK if quick else effort))
    except KeyboardInterrupt:
        raise SystemExit(130) from None


async def measure(figures: Sequence[Figure], effort: Effort) -> None:
    """Print the table of each figure as soon as it is known. Raises SystemExit where one of them failed."""
    console = Console()
    console.print(describe_machine(), describe_load(), sep="\n", highlight=False)
    serving, loading = split_cores()
    if loading is not None:
        os.sched_setaffinity(0, loading)
    console.print("Servers on one core, load on another." if serving else "Servers and load share their cores.")
    console.print(
        f"{effort.runs} runs of {effort.seconds:g} s each, by turns; {effort.restarts} where each needs a new server.\n"
        f"A long past: {effort.past:,} sessions.\n"
        "Plain peer: strawberry, SQLModel and aiosqlite as their documentation has it.\n"
        "Medians of the runs; spread: least to most; ×: how many times better than the peer;\n"
        "wrong: errors and problems, not counted as answers; load: how busy the client kept its core.",
        highlight=False,
    )
    began, failures = perf_counter(), []
    async with Ground(effort, serving, loading) as ground:
        for figure in figures:
            try:
                console.print(figure_table(figure, await figure.rows(ground)))
            except (LoadFailed, MachineLacks, ServerFailed) as error:
                failures.append(figure.name)
                console.print(f"\n{figure.name}: {error}\n", highlight=False, markup=False)
    console.print(f"{perf_counter() - began:.0f} s, load average now {os.getloadavg()[0]:.1f}", highlight=False)
    if failures:
        raise SystemExit(f"no figures of {', '.join(failures)}")


if __name__ == "__main__":
    typer.run(main)
