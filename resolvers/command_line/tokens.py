"""Commands for tokens."""

import asyncio
import sys
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any, TypeVar

import typer

from models.clock import DAY, SystemClock
from models.database import database_file
from models.errors import DatabaseInUse, DatabaseUnusable, StorageUnavailable
from models.settings import ServiceSettings
from resolvers.command_line.console import exit_on_failure, exit_with_error, print_table
from resolvers.command_line.token_options import problem_lines
from resolvers.tokens import listing, offline

T = TypeVar("T")


def create(settings: ServiceSettings, values: Mapping[str, Any], days: int | None) -> None:
    """Create a token, which expires after so many days, and print its secret."""
    provided = {field: value for field, value in values.items() if value}
    if days is not None:
        provided["expires_at"] = SystemClock().now() + days * DAY
    file, result = _run_offline(offline.create_token, settings, "createToken", provided)
    if result.token is None:
        exit_with_error(problem_lines(result.problems))
    typer.echo(result.secret)  # alone on standard output, for `TOKEN=$(…)`
    if sys.stderr.isatty():
        typer.echo(f"\ndatabase  {file.absolute()}\ntoken id  {result.token.id}", err=True)
        typer.echo("The secret is shown only now. Clients send it as the header `Authorization: Bearer …`.", err=True)


def print_list(settings: ServiceSettings) -> None:
    with exit_on_failure():
        tokens = offline.list_tokens(database_file(settings.database_url))
    print_table(listing.HEADER, [*listing.rows(tokens, SystemClock().now())])


def revoke(settings: ServiceSettings, token_id: str) -> None:
    _, result = _run_offline(offline.revoke_token, settings, "revokeToken", token_id)
    if result.problems:
        exit_with_error(result.problems[0].message)
    typer.echo(f"{token_id} is revoked")


def _run_offline(
    work: Callable[..., Coroutine[Any, Any, T]], settings: ServiceSettings, mutation: str, *args: Any
) -> tuple[Path, T]:
    """Run `work` on the database file, which no server may use, or exit with a line that says why not."""
    file = database_file(settings.database_url)
    try:
        return file, asyncio.run(work(file, *args))
    except DatabaseInUse as error:
        exit_with_error(f"{error}; or use the mutation {mutation} of the server")
    except (DatabaseUnusable, StorageUnavailable) as error:
        exit_with_error(str(error))
