"""Column types and table building blocks that SQLite and PostgreSQL share."""

from typing import TYPE_CHECKING, Any, ClassVar

from sqlalchemy import BigInteger, Dialect, ForeignKey, MetaData, Table, Text, TypeDecorator
from sqlmodel import Field, SQLModel

from models import json


class JsonText(TypeDecorator[Any]):
    """A JSON value as canonical text. Nothing is ever searched inside it: what is searched has a column."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's signature
        return None if value is None else json.dumps(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ARG002 - SQLAlchemy's signature
        return None if value is None else json.loads(value)


class TableModel(SQLModel):
    """A table whose columns are declared as fields; statements use its `__table__`."""

    metadata: ClassVar[MetaData] = MetaData()
    """The tables of this database, and no others that SQLModel may know of in the same process."""

    if TYPE_CHECKING:
        __table__: ClassVar[Table]


def instant_column(*, index: bool = False, nullable: bool = False) -> Any:
    """A column for an `models.clock.Instant`; 32 bits would end in 1970."""
    return Field(sa_type=BigInteger, index=index, nullable=nullable)


def json_column() -> Any:
    """A column for a JSON value that is always there."""
    return Field(sa_type=JsonText, nullable=False)


def session_key() -> Any:
    """The first part of a key: rows that go when their session goes."""
    return Field(
        sa_type=Text,
        sa_column_args=[ForeignKey("session.id", ondelete="CASCADE")],
        primary_key=True,
    )
