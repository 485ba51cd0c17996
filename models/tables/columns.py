"""Building blocks of the tables."""

from typing import TYPE_CHECKING, Any, ClassVar

from sqlalchemy import BigInteger, ForeignKey, Index, MetaData, Table, Text, text
from sqlmodel import Field, SQLModel

from models.json import JsonText


class TableModel(SQLModel):
    """Base of the tables. Statements use their `__table__`, not the ORM."""

    # Not SQLModel's own metadata, which other code in the process may add tables to.
    metadata: ClassVar[MetaData] = MetaData()

    if TYPE_CHECKING:
        __table__: ClassVar[Table]


def instant_column(*, index: bool = False, nullable: bool = False) -> Any:
    """Declare a column for an `Instant`, which needs 64 bits."""
    return Field(sa_type=BigInteger, index=index, nullable=nullable)


def json_column() -> Any:
    """Declare a column for a JSON value that is never NULL."""
    return Field(sa_type=JsonText, nullable=False)


def session_key() -> Any:
    """Declare the first column of the primary key of a table whose rows are deleted with their session."""
    return Field(
        sa_type=Text,
        sa_column_args=[ForeignKey("session.id", ondelete="CASCADE")],
        primary_key=True,
    )


def partial_index(name: str, *columns: str, where: str, unique: bool = False) -> Index:
    condition = text(where)
    return Index(name, *columns, unique=unique, sqlite_where=condition, postgresql_where=condition)
