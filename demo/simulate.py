"""The `simulate` command: traffic against a running server, behind a progress bar.

Time is compressed, so that a minute shows everything: keepalives come every few seconds, a visit lasts about a minute,
and sessions that are abandoned have a short timeout.
"""

import asyncio
import secrets
import signal
from typing import Final
from urllib.parse import urlsplit

import httpx2
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from demo.report import Report
from demo.scheduler import CONCURRENCY, Scheduler

EXIT_OK: Final = 0
EXIT_ERRORS: Final = 1
EXIT_UNREACHABLE: Final = 2


async def simulate(
    url: str = "http://127.0.0.1:8000",
    rate: float = 20.0,
    seconds: float = 60.0,
    seed: int | None = None,
    token: str | None = None,
) -> int:
    """Send `rate` operations a second to the server at `url` (its root or its endpoint) for `seconds`.

    Prints a progress bar, then a report; Ctrl-C ends early. The same `seed` gives the same visits. `token` is a secret.

    Returns:
        The exit code: 1 if the server answered errors or refused valid input, 2 if it could not be reached or was lost.
    """
    console = Console()
    endpoint = url if urlsplit(url).path.strip("/") else url.rstrip("/") + "/graphql"
    limits = httpx2.Limits(max_connections=CONCURRENCY, max_keepalive_connections=CONCURRENCY)
    headers = {} if token is None else {"authorization": f"Bearer {token}"}
    async with httpx2.AsyncClient(timeout=10.0, limits=limits, headers=headers) as http:
        if (problem := await _connection_problem(http, endpoint)) is not None:
            _print_error(problem)
            return EXIT_UNREACHABLE
        report = Report()
        scheduler = Scheduler(http, endpoint, secrets.randbits(32) if seed is None else seed, report)
        await _run_with_progress(scheduler, console, rate, seconds)
    report.print(console)
    if scheduler.is_server_lost:
        _print_error(f"the server at {endpoint} stopped responding")
        return EXIT_UNREACHABLE
    return EXIT_ERRORS if report.failures else EXIT_OK


def _print_error(message: str) -> None:
    Console(stderr=True).print(message, style="red", markup=False, soft_wrap=True, highlight=False)


async def _run_with_progress(scheduler: Scheduler, console: Console, rate: float, seconds: float) -> None:
    loop = asyncio.get_running_loop()
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"))
    with Progress(*columns, TimeRemainingColumn(), console=console) as progress:
        bar = progress.add_task(f"{rate:g} operations/s", total=seconds)
        run = asyncio.create_task(scheduler.run(rate, seconds, lambda done: progress.update(bar, completed=done)))
        loop.add_signal_handler(signal.SIGINT, run.cancel)
        try:
            await asyncio.wait([run])
        finally:
            loop.remove_signal_handler(signal.SIGINT)
    if not run.cancelled():
        run.result()


async def _connection_problem(http: httpx2.AsyncClient, endpoint: str) -> str | None:
    try:
        response = await http.post(endpoint, json={"query": "{ __typename }"})
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        return f"no server answers at {endpoint}: {str(error).rstrip('.') or type(error).__name__}"
    if response.status_code == httpx2.codes.UNAUTHORIZED:
        return f"the server at {endpoint} needs a valid token: give its file with --token-file"
    if response.status_code != httpx2.codes.OK:
        return f"no GraphQL server answers at {endpoint}: HTTP status {response.status_code}"
    return None
