"""Migrations, forward only, run by the server under its lock."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy.engine import Connection

from models.errors import DatabaseVersionError


def _config(tx: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = tx
    return config


def migrate(tx: Connection) -> None:
    """Migrate the tables to the newest version in the transaction of `tx`.

    Raises:
        DatabaseVersionError: a later version of this program migrated them.
    """
    try:
        command.upgrade(_config(tx), "head")
    except CommandError as error:
        raise DatabaseVersionError("was made by a later version of this program: use that version") from error


def newest_version() -> str | None:
    return ScriptDirectory.from_config(_config()).get_current_head()


def is_current(tx: Connection) -> bool:
    return MigrationContext.configure(tx).get_current_revision() == newest_version()
