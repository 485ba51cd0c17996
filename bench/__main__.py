"""`python -m bench`: Session Graph beside a plain peer, in one run on one machine."""

import asyncio
import os
from collections.abc import Sequence
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

DEFAULT_CONFIG: Final = BenchConfig()
QUICK_CONFIG: Final = BenchConfig(1.0, 1, 1, (32,), 500, 3.0, history_sessions=50_000, scale_down=10)
SCENARIO_NAMES: Final = [figure.name for figure in SCENARIOS]


def select_scenarios(names: Sequence[str] | None) -> Sequence[Scenario]:
    """The figures of these names, in their usual order; all where none is named. Raises typer.BadParameter."""
    if unknown := [name for name in names or () if name not in SCENARIO_NAMES]:
        raise typer.BadParameter(f"there is no figure {', '.join(unknown)}; there are {', '.join(SCENARIO_NAMES)}")
    return [figure for figure in SCENARIOS if not names or figure.name in names]


def main(  # noqa: PLR0913 - one for each option
    scenarios: Annotated[list[str] | None, typer.Argument(help=f"Which of {', '.join(SCENARIO_NAMES)}; all.")] = None,
    *,
    seconds: Annotated[float, typer.Option(min=0.1, max=600, help="Seconds of one run.")] = DEFAULT_CONFIG.seconds,
    runs: Annotated[
        int, typer.Option(min=1, max=100, help="Runs of each server at each figure.")
    ] = DEFAULT_CONFIG.runs,
    restarts: Annotated[
        int, typer.Option(min=1, max=100, help="The same, where each needs a new server.")
    ] = DEFAULT_CONFIG.restarts,
    connections: Annotated[list[int] | None, typer.Option(min=1, max=512, help="Repeatable; 32 and 64.")] = None,
    idle_seconds: Annotated[
        float, typer.Option(min=1, max=86400, help="Seconds for which idle dashboards are watched.")
    ] = DEFAULT_CONFIG.idle_seconds,
    history_sessions: Annotated[
        int, typer.Option(min=1000, max=100_000_000, help="Sessions in the file with a long past.")
    ] = DEFAULT_CONFIG.history_sessions,
    quick: Annotated[
        bool,
        typer.Option(
            "--quick", help="A glance: a tenth of the subscribers, a short past, one short run, whatever else is given."
        ),
    ] = False,
) -> None:
    """Print figures of Session Graph beside those of a plain strawberry server: medians of repeated runs."""
    selected = select_scenarios(scenarios)
    connection_counts = tuple(connections or DEFAULT_CONFIG.connections)
    config = BenchConfig(
        seconds, runs, restarts, connection_counts, DEFAULT_CONFIG.sessions, idle_seconds, history_sessions
    )
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(measure(selected, QUICK_CONFIG if quick else config))
    except KeyboardInterrupt:
        raise SystemExit(130) from None


async def measure(scenarios: Sequence[Scenario], config: BenchConfig) -> None:
    """Print the table of each figure as soon as it is known. Raises SystemExit where one of them failed."""
    console = Console()
    console.print(describe_system(), describe_load_average(), sep="\n", highlight=False)
    server_cores, load_cores = split_cores()
    if load_cores is not None:
        os.sched_setaffinity(0, load_cores)
    console.print("Servers on one core, load on another." if server_cores else "Servers and load share their cores.")
    console.print(
        f"{config.runs} runs of {config.seconds:g} s each, by turns; {config.restarts} where each needs a new server.\n"
        f"A long past: {config.history_sessions:,} sessions.\n"
        "Plain peer: strawberry, SQLModel and aiosqlite as their documentation has it.\n"
        "Medians of the runs; spread: least to most; ×: how many times better than the peer;\n"
        "wrong: errors and problems, not counted as answers; load: how busy the client kept its core.",
        highlight=False,
    )
    started, failures = perf_counter(), []
    async with Harness(config, server_cores, load_cores) as harness:
        for scenario in scenarios:
            try:
                console.print(scenario_table(scenario, await scenario.rows(harness)))
            except (LoadFailed, ResourceLimitError, ServerFailed) as error:
                failures.append(scenario.name)
                console.print(f"\n{scenario.name}: {error}\n", highlight=False, markup=False)
    console.print(f"{perf_counter() - started:.0f} s, load average now {os.getloadavg()[0]:.1f}", highlight=False)
    if failures:
        raise SystemExit(f"no figures of {', '.join(failures)}")


if __name__ == "__main__":
    typer.run(main)
