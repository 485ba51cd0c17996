"""`python -m bench`: Session Graph beside other servers, in one run on one machine."""

import asyncio
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Annotated, Final

import typer
import uvloop
from rich.console import Console

from bench.harness import BenchConfig, Harness
from bench.load_generator import LoadFailed
from bench.report import scenario_table
from bench.results import save_rows
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
    connections: Annotated[list[int] | None, typer.Option(min=1, max=512, help="Repeatable; 64.")] = None,
    idle_seconds: Annotated[
        float, typer.Option(min=1, max=86400, help="Duration of the idle scenario.")
    ] = DEFAULT.idle_seconds,
    history_sessions: Annotated[
        int, typer.Option(min=1000, max=100_000_000, help="Sessions in the history scenario's database.")
    ] = DEFAULT.history_sessions,
    tree: Annotated[
        Path, typer.Option(exists=True, file_okay=False, help="Source code of the servers, such as another version.")
    ] = DEFAULT.tree,
    save: Annotated[
        Path | None, typer.Option(dir_okay=False, help="File of results: those of the same scenarios are replaced.")
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="One short run at a tenth of the size; overrides.")] = False,
) -> None:
    """Print medians of repeated runs of Session Graph and of other servers that do the same work."""
    selected = select_scenarios(scenarios)
    counts = tuple(connections or DEFAULT.connections)
    config = BenchConfig(seconds, runs, restarts, counts, DEFAULT.sessions, idle_seconds, history_sessions)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(measure(selected, replace(QUICK if quick else config, tree=tree.absolute()), save))
    except KeyboardInterrupt:
        raise SystemExit(130) from None


async def measure(scenarios: Sequence[Scenario], config: BenchConfig, save: Path | None) -> None:
    """Print the table of each scenario as soon as it is measured. Raises SystemExit if one of them failed."""
    console = Console() if sys.stdout.isatty() else Console(width=140)
    say = partial(console.print, highlight=False, markup=False)
    server_cores, load_cores = split_cores()
    say(describe_system(), describe_load_average(), sep="\n")
    say(describe_runs(config, is_split=server_cores is not None))
    if load_cores is not None:
        os.sched_setaffinity(0, load_cores)
    started, failures = perf_counter(), []
    async with Harness(config, server_cores, say) as harness:
        for scenario in scenarios:
            try:
                rows = await scenario.measure(harness)
            except (LoadFailed, ResourceLimitError, ServerFailed) as error:
                failures.append(scenario.name)
                say(f"\n{scenario.name}: {error}\n")
            else:
                console.print(scenario_table(scenario, rows))
                if save is not None:
                    save_rows(save, scenario.name, rows, config)
    say(f"{perf_counter() - started:.0f} s, load average now {os.getloadavg()[0]:.1f}")
    if failures:
        raise SystemExit(f"failed: {', '.join(failures)}")


def describe_runs(config: BenchConfig, *, is_split: bool) -> str:
    """Return how the servers are measured, and what the columns mean."""
    where = "Servers on one core, load on another." if is_split else "Servers and load share their cores."
    return (
        f"{where} {config.runs} runs of {config.seconds:g} s each, in turns; {config.restarts} where each needs a new"
        " server.\nValues are medians; spread: least to greatest; ×: times better Session Graph is than the server;\n"
        "CPU µs: of the server, for each request; failures: errors and problems, not counted as responses;\n"
        "load: how busy the client kept its core."
    )


if __name__ == "__main__":
    typer.run(main)
