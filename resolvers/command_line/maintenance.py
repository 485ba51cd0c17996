"""Commands on the database: migrate, back up, check."""

import asyncio
from pathlib import Path

import typer

from models.backup import back_up
from models.database import database_file, migrate_database
from models.settings import ServiceSettings
from resolvers.check.service import check
from resolvers.command_line.console import exit_on_failure, progress_bar


def migrate_tables(settings: ServiceSettings) -> None:
    file = database_file(settings.database_url)
    with exit_on_failure():
        asyncio.run(migrate_database(file))
    typer.echo(f"{file} is up to date")


def write_backup(settings: ServiceSettings, to: Path, *, force: bool) -> None:
    store = settings.blob_store()
    with exit_on_failure(), progress_bar() as progress:
        files = asyncio.run(back_up(database_file(settings.database_url), store, to, progress, force=force))
    if files is None:
        typer.echo(f"the files in {store} are not part of the backup", err=True)
    typer.echo(f"{to}: {to.stat().st_size / 1e6:,.1f} MB, {files or 0} files")


def print_findings(settings: ServiceSettings) -> None:
    """Print what is wrong, and exit with code 1 if something is."""
    file = database_file(settings.database_url)
    with exit_on_failure(), progress_bar() as progress:
        findings = asyncio.run(check(file, settings.blob_store(), progress))
    for finding in findings:
        typer.echo(finding)
    typer.echo(f"{file}: {len(findings) or 'no'} finding{'' if len(findings) == 1 else 's'}", err=bool(findings))
    raise typer.Exit(1 if findings else 0)
