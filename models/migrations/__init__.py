"""Migrations, forward only, run by the server under its lock."""

from pathlib import Path
from typing import Final

from sqlalchemy import inspect, select
from sqlalchemy import table as table_clause
from sqlalchemy.engine import Connection
from sqlalchemy.sql import column

NEWEST_VERSION: Final = max(file.stem[1:5] for file in Path(__file__).parent.glob("versions/v*.py"))
"""Of the tables, as in the names of the migrations and in the table that Alembic keeps."""

_VERSION: Final = table_clause("alembic_version", column("version_num"))


def migrate(tx: Connection) -> None:
    """Migrate the tables to the newest version in the transaction of `tx`.

    Raises:
        DatabaseVersionError: a later version of this program migrated them.
    """
    if not is_current(tx):
        from models.migrations.upgrade import upgrade  # noqa: PLC0415 - Alembic is a tenth of the time to start

        upgrade(tx)


def is_current(tx: Connection) -> bool:
    return inspect(tx).has_table(_VERSION.name) and tx.scalars(select(_VERSION)).all() == [NEWEST_VERSION]
