"""Tokens from the command line: the user of the machine is the caller."""

import sqlite3
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from models.clock import SystemClock
from models.database import open_database, open_read_only
from models.database.faults import STORAGE_ERRORS, describe_fault
from models.errors import DatabaseUnusable
from models.tables.rows import Token
from resolvers.access import LOCAL_ADMIN
from resolvers.check.queries import version_problem
from resolvers.lifecycle.result import MutationResult
from resolvers.tokens import repository, service

COMMAND_LINE: Final = replace(LOCAL_ADMIN, name="command line")


async def create_token(file: Path, values: Mapping[str, Any]) -> MutationResult:
    """Create a token, and the database if it is missing. Raises what `open_database` does."""
    async with open_database(file, lock_timeout=0) as database:
        with database.reporting_to_operator():
            creation = service.TokenCreation.from_input(COMMAND_LINE, SystemClock().now(), values)
            return await database.write(service.create, creation)


async def revoke_token(file: Path, token_id: str) -> MutationResult:
    """Revoke a token. Raises what `open_database` does."""
    if not file.exists():  # noqa: ASYNC240 - nothing else runs
        raise DatabaseUnusable(f"{file} does not exist, or is not a file")
    async with open_database(file, lock_timeout=0) as database:
        with database.reporting_to_operator():
            revocation = service.TokenRevocation(COMMAND_LINE, SystemClock().now(), token_id)
            return await database.write(service.revoke, revocation)


def list_tokens(file: Path) -> list[Token]:
    """List all tokens, the oldest first, also while a server uses the database.

    Raises:
        DatabaseUnusable: there is no database of this version, or it cannot be read.
    """
    with open_read_only(file) as connection:
        try:
            problem = version_problem(connection)
            if problem is None:
                return repository.read_all(connection)
        except (*STORAGE_ERRORS, sqlite3.DatabaseError) as error:
            raise DatabaseUnusable(describe_fault(file, error)) from error
    raise DatabaseUnusable(f"{file} {problem}")
