"""The demo: believable traffic of all five kinds against a running server.

Life is told fast, so that a minute shows everything: signs of life come every few seconds, a launch or a visit lasts
about one minute, and who walks off has a short timeout.
"""

import asyncio
import secrets
import signal
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlsplit

import httpx2
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from demo.client_loop import CONCURRENCY, MAX_CONSECUTIVE_FAILURES, ClientLoop
from demo.report import Report
from demo.scheduler import Scheduler

EXIT_OK: Final = 0
EXIT_ERRORS: Final = 1
EXIT_UNREACHABLE: Final = 2


async def simulate(
    url: str = "http://127.0.0.1:8000", rate: float = 20.0, seconds: float = 60.0, seed: int | None = None
) -> int:
    """Drives the server at `url` (its root, or its GraphQL endpoint) with `rate` operations per second for `seconds`.

    The same `seed` gives the same visitors with the same plans; none: others each time. Prints a progress bar, then
    the counts; Ctrl-C ends early with the counts so far. Answers the exit code: 0; 1 where the server answered errors
    or refused valid input; 2 where it could not be reached or was lost. Raises ValueError for a rate or time that is
    not positive.
    """
    if rate <= 0 or seconds <= 0:
        raise ValueError("rate and seconds must be greater than 0")
    console = Console()
    endpoint = _endpoint(url)
    report = Report()
    limits = httpx2.Limits(max_connections=CONCURRENCY, max_keepalive_connections=CONCURRENCY)
    async with httpx2.AsyncClient(timeout=10.0, limits=limits) as http:
        if (problem := await _connection_problem(http, endpoint)) is not None:
            console.print(f"[red]{problem}[/red]", soft_wrap=True, highlight=False)
            return EXIT_UNREACHABLE
        scheduler = Scheduler(secrets.randbits(32) if seed is None else seed, datetime.now(UTC))
        await _run_with_progress(ClientLoop(http, endpoint, scheduler, report), console, rate, seconds)
    report.print_tables(console)
    if report.consecutive_failures >= MAX_CONSECUTIVE_FAILURES:
        console.print(f"[red]The server at {endpoint} stopped answering.[/red]", soft_wrap=True, highlight=False)
        return EXIT_UNREACHABLE
    return EXIT_ERRORS if report.failures else EXIT_OK


async def _run_with_progress(client_loop: ClientLoop, console: Console, rate: float, seconds: float) -> None:
    """Runs the sender behind a progress bar, to its end or to Ctrl-C."""
    loop = asyncio.get_running_loop()
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"))
    with Progress(*columns, TimeRemainingColumn(), console=console) as progress:
        bar = progress.add_task(f"{rate:g} operations/s", total=seconds)
        task = asyncio.create_task(client_loop.run(rate, seconds, lambda gone: progress.update(bar, completed=gone)))
        loop.add_signal_handler(signal.SIGINT, task.cancel)
        try:
            await asyncio.wait([task])
            await client_loop.drain()
        finally:
            loop.remove_signal_handler(signal.SIGINT)
    if not task.cancelled():
        task.result()


async def _connection_problem(http: httpx2.AsyncClient, endpoint: str) -> str | None:
    """What stands against a simulation, in one line; none where a GraphQL server answers."""
    try:
        response = await http.post(endpoint, json={"query": "{ __typename }"})
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        return f"No server answers at {endpoint}: {error or type(error).__name__}."
    if response.status_code != httpx2.codes.OK:
        return f"No GraphQL server answers at {endpoint}: HTTP status {response.status_code}."
    return None


def _endpoint(url: str) -> str:
    return url if urlsplit(url).path.strip("/") else url.rstrip("/") + "/graphql"
