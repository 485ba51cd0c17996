"""`python -m bench`: Session Graph beside a plain strawberry server, in one run on one machine."""

import asyncio
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Annotated, Final

import typer
import uvloop
from rich.console import Console

from bench.harness import BenchConfig, Harness
from bench.load_generator import LoadFailed
from bench.report import scenario_table
from bench.scenarios import SCENARIOS
from bench.scenarios.base import Scenario
from bench.servers import ServerFailed, split_cores
from bench.system_info import ResourceLimitError, describe_load_average, describe_system

DEFAULT: Final = BenchConfig()
QUICK: Final = BenchConfig(1.0, 1, 1, (32,), 500, 3.0, history_sessions=50_000, scale_down=10)
NAMES: Final = [scenario.name for scenario in SCENARIOS]


def select_scenarios(names: Sequence[str] | None) -> Sequence[Scenario]:
    """Return the scenarios with these names, or all, in their order. Raises typer.BadParameter."""
    if unknown := [name for name in names or () if name not in NAMES]:
        raise typer.BadParameter(f"there is no scenario {', '.join(unknown)}; there are {', '.join(NAMES)}")
    return [scenario for scenario in SCENARIOS if not names or scenario.name in names]


def main(  # noqa: PLR0913 - one for each option
    scenarios: Annotated[list[str] | None, typer.Argument(help=f"Any of {', '.join(NAMES)}; default: all.")] = None,
    *,
    seconds: Annotated[float, typer.Option(min=0.1, max=600, help="Duration of one run.")] = DEFAULT.seconds,
    runs: Annotated[int, typer.Option(min=1, max=100, help="Runs of each server.")] = DEFAULT.runs,
    restarts: Annotated[int, typer.Option(min=1, max=100, help="Runs that each need a new server.")] = DEFAULT.restarts,
    connections: Annotated[list[int] | None, typer.Option(min=1, max=512, help="Repeatable; 32 and 64.")] = None,
    idle_seconds: Annotated[
        float, typer.Option(min=1, max=86400, help="Duration of the idle scenario.")
    ] = DEFAULT.idle_seconds,
    history_sessions: Annotated[
        int, typer.Option(min=1000, max=100_000_000, help="Sessions in the history scenario's database.")
    ] = DEFAULT.history_sessions,
    tree: Annotated[
        Path, typer.Option(exists=True, file_okay=False, help="Source code of the servers, such as another version.")
    ] = DEFAULT.tree,
    quick: Annotated[bool, typer.Option("--quick", help="One short run at a tenth of the size; overrides.")] = False,
) -> None:
    """Print medians of repeated runs of Session Graph and of a plain strawberry server."""
    selected = select_scenarios(scenarios)
    counts = tuple(connections or DEFAULT.connections)
    config = BenchConfig(seconds, runs, restarts, counts, DEFAULT.sessions, idle_seconds, history_sessions)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(measure(selected, replace(QUICK if quick else config, tree=tree.absolute())))
    except KeyboardInterrupt:
        raise SystemExit(130) from None


async def measure(scenarios: Sequence[Scenario], config: BenchConfig) -> None:
    """Print the table of each scenario as soon as it is measured. Raises SystemExit if one of them failed."""
    console = Console()
    console.print(describe_system(), describe_load_average(), sep="\n", highlight=False)
    server_cores, load_cores = split_cores()
    if load_cores is not None:
        os.sched_setaffinity(0, load_cores)
    console.print("Servers on one core, load on another." if server_cores else "Servers and load share their cores.")
    console.print(
        f"{config.runs} runs of {config.seconds:g} s each, in turns; {config.restarts} where each needs a new server.\n"
        f"History: {config.history_sessions:,} sessions.\n"
        "Baseline: strawberry, SQLModel and aiosqlite, written as their documentation shows.\n"
        "Values are medians; spread: least to greatest; ×: times better than the baseline;\n"
        "failures: errors and problems, not counted as responses; load: how busy the client kept its core.",
        highlight=False,
    )
    started, failures = perf_counter(), []
    async with Harness(config, server_cores) as harness:
        for scenario in scenarios:
            try:
                console.print(scenario_table(scenario, await scenario.measure(harness)))
            except (LoadFailed, ResourceLimitError, ServerFailed) as error:
                failures.append(scenario.name)
                console.print(f"\n{scenario.name}: {error}\n", highlight=False, markup=False)
    console.print(f"{perf_counter() - started:.0f} s, load average now {os.getloadavg()[0]:.1f}", highlight=False)
    if failures:
        raise SystemExit(f"failed: {', '.join(failures)}")


if __name__ == "__main__":
    typer.run(main)
