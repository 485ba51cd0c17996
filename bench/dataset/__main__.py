"""`python -m bench.dataset FILE`: create a database with a million sessions."""

from pathlib import Path
from time import perf_counter
from typing import Annotated

import typer

from bench.dataset.bulk_insert import bulk_insert
from bench.dataset.generate import ACTIVE_SHARE, generate_sessions
from models.clock import SystemClock

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def main(
    file: Annotated[Path, typer.Argument(help="File to create.")],
    sessions: Annotated[int, typer.Option(min=1, max=100_000_000, help="How many sessions.")] = 1_000_000,
    seed: Annotated[int, typer.Option(help="Same seed, same sessions.")] = 1,
    active_share: Annotated[float, typer.Option(min=0, max=1, help="Share of the active ones.")] = ACTIVE_SHARE,
    until: Annotated[
        int | None, typer.Option(help="Instant of the newest session in ms since 1970; default: now.")
    ] = None,
) -> None:
    """Create a database with half a year of sessions, some of them active."""
    if file.exists():
        raise typer.BadParameter(f"{file} already exists")
    started = perf_counter()
    now = SystemClock().now() if until is None else until
    for stored in bulk_insert(file, generate_sessions(seed, sessions, now, active_share), now):
        typer.echo(f"\r{stored:,} of {sessions:,} sessions", nl=False)
    size = file.stat().st_size / 1024**2
    typer.echo(f"\r{sessions:,} sessions in {size:,.0f} MiB, created in {perf_counter() - started:,.0f} s")


if __name__ == "__main__":
    app()
