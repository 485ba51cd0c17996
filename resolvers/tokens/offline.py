"""Tokens of a database that no server uses: the user of the machine is the caller."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from models.clock import SystemClock
from models.database import open_database
from models.tables.rows import Token
from resolvers.access import LOCAL_ADMIN
from resolvers.lifecycle.result import MutationResult
from resolvers.tokens import repository, service

COMMAND_LINE: Final = replace(LOCAL_ADMIN, name="command line")


async def create_token(file: Path, values: Mapping[str, Any]) -> MutationResult:
    """Create a token, and the database if it is missing. Raises what `open_database` does."""
    async with open_database(file) as database:
        with database.reporting_to_operator():
            creation = service.TokenCreation.from_input(COMMAND_LINE, SystemClock().now(), values)
            return await database.write(service.create, creation)


async def revoke_token(file: Path, token_id: str) -> MutationResult:
    """Revoke a token. Raises what `open_database` does."""
    async with open_database(file) as database:
        with database.reporting_to_operator():
            revocation = service.TokenRevocation(COMMAND_LINE, SystemClock().now(), token_id)
            return await database.write(service.revoke, revocation)


async def list_tokens(file: Path) -> list[Token]:
    """List all tokens, the oldest first. Raises what `open_database` does."""
    async with open_database(file) as database:
        with database.reporting_to_operator():
            return await database.read(repository.read_all)
