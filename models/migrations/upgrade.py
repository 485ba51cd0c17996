"""Alembic, which runs the migrations that a database lacks."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy.engine import Connection

from models.errors import DatabaseVersionError


def alembic_config(tx: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = tx
    return config


def upgrade(tx: Connection) -> None:
    """Run the migrations in the transaction of `tx`. Raises DatabaseVersionError."""
    try:
        command.upgrade(alembic_config(tx), "head")
    except CommandError as error:
        raise DatabaseVersionError("was made by a later version of this program: use that version") from error
