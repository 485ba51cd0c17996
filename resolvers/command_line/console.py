"""Output of commands: tables, progress, and failures in one line."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final, NoReturn

import typer

from models.errors import BackupFailed, DatabaseUnusable, StorageUnavailable

EMPTY_CELLS: Final = frozenset({"-", "all"})
"""A column of nothing else is not shown in a terminal."""


def exit_with_error(message: str, code: int = 2) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(code)


@contextmanager
def exit_on_failure() -> Iterator[None]:
    """Exit with the line of a failure of the storage."""
    try:
        yield
    except (DatabaseUnusable, BackupFailed, StorageUnavailable) as error:
        exit_with_error(str(error))


@contextmanager
def progress_bar() -> Iterator[Callable[[str, int, int], None]]:
    """Show what a command does and how much of it is done, where standard error is a terminal."""
    from rich.console import Console  # noqa: PLC0415 - the server needs neither
    from rich.progress import Progress  # noqa: PLC0415 - the server needs neither

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=None)
        yield lambda step, done, total: bar.update(task, description=step, completed=done, total=total or None)


def print_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print aligned columns in a terminal; elsewhere a line for each row, with tabs between all its columns."""
    if not sys.stdout.isatty():
        for row in (header, *rows):
            typer.echo("\t".join(row))
        return
    from rich.console import Console  # noqa: PLC0415 - the server needs none of them
    from rich.table import Table  # noqa: PLC0415 - the server needs none of them
    from rich.text import Text  # noqa: PLC0415 - the server needs none of them

    columns = [column for column in zip(header, *rows, strict=True) if not EMPTY_CELLS.issuperset(column[1:])]
    table = Table(box=None, pad_edge=False)
    for number, (name, *_) in enumerate(columns):
        table.add_column(name, overflow="fold", no_wrap=number == 0)  # an id is copied from it
    for row in zip(*(cells for _, *cells in columns), strict=True):
        table.add_row(*map(Text, row))
    Console().print(table)
