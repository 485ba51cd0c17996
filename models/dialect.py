"""SQL that differs between SQLite and PostgreSQL, and hints for SQLite's query planner."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeAlias, cast

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Insert,
    Table,
    Text,
    TextClause,
    and_,
    bindparam,
    literal_column,
    text,
    tuple_,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import Connection
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql
    from sqlalchemy.sql.sqltypes import TupleType

SqlInteger: TypeAlias = int | ColumnElement[int]
"""An integer, or an expression for one, such as a parameter."""

MIN_INT64: Final = -(2**63)
MAX_INT64: Final = 2**63 - 1


class least(GenericFunction[Any]):  # noqa: N801 - written like the SQL function
    """The smallest of values that are not NULL, for which the dialects differ."""

    inherit_cache = True


class greatest(GenericFunction[Any]):  # noqa: N801 - written like the SQL function
    """The largest of values that are not NULL, for which the dialects differ."""

    inherit_cache = True


@compiles(least, "sqlite")
@compiles(greatest, "sqlite")
def _least_or_greatest_sqlite(element: least | greatest, compiler: SQLCompiler, **options: Any) -> str:
    return ("min" if isinstance(element, least) else "max") + compiler.process(element.clause_expr, **options)


class no_index(GenericFunction[Any]):  # noqa: N801 - written like a SQL function
    """A column for which SQLite must not use an index; PostgreSQL decides by its statistics."""

    inherit_cache = True


@compiles(no_index, "sqlite")
def _no_index_sqlite(element: no_index, compiler: SQLCompiler, **options: Any) -> str:
    return f"+{compiler.process(element.clause_expr, **options)}"


class json_item(GenericFunction[str]):  # noqa: N801 - written like a SQL function
    """One item of a JSON array of strings; NULL if the array is shorter."""

    type = Text()
    inherit_cache = True

    def __init__(self, text: ColumnElement[Any], index: int) -> None:
        # Not a bound parameter: SELECT and GROUP BY must have the same text.
        super().__init__(text, literal_column(str(index)))


@compiles(json_item)
def _json_item(element: json_item, compiler: SQLCompiler, **options: Any) -> str:
    text, index = (compiler.process(part, **options) for part in element.clauses)
    if compiler.dialect.name == "sqlite":
        return f"json_extract({text}, '$[{index}]')"
    return f"(CAST({text} AS JSONB) ->> {index})"


class json_items(GenericFunction[Any]):  # noqa: N801 - written like a SQL function
    """The items of a JSON array of strings, as a table with the column `value`."""

    inherit_cache = True


@compiles(json_items)
def _json_items(element: json_items, compiler: SQLCompiler, **options: Any) -> str:
    (text,) = (compiler.process(part, **options) for part in element.clauses)
    if compiler.dialect.name == "sqlite":
        return f"json_each({text})"
    return f"jsonb_array_elements_text(CAST({text} AS JSONB))"


class row_values(GenericFunction[Any]):  # noqa: N801 - written like a SQL function
    """A list of composite keys, in a form for which an index is used."""

    inherit_cache = True


@compiles(no_index)
@compiles(row_values)
def _argument(element: no_index | row_values, compiler: SQLCompiler, **options: Any) -> str:
    (argument,) = element.clauses
    return compiler.process(argument, **options)


@compiles(row_values, "sqlite")
def _row_values_sqlite(element: row_values, compiler: SQLCompiler, **options: Any) -> str:
    # SQLite uses an index for `(a, b) IN (SELECT …)` with the columns' types, not for a list of row values.
    (keys,) = element.clauses
    type_names = (
        compiler.dialect.type_compiler_instance.process(type_) for type_ in cast("TupleType", keys.type).types
    )
    casts = ", ".join(f"CAST(column{number} AS {name})" for number, name in enumerate(type_names, start=1))
    return f"(SELECT {casts} FROM {compiler.process(keys, **options)})"  # noqa: S608 - names of types and columns


def in_keys(
    columns: Sequence[ColumnElement[Any]], keys: Iterable[Sequence[Any]] | BindParameter[Any]
) -> ColumnElement[bool]:
    """Return `(a, b) IN (…)`, for keys or an expanding parameter."""
    condition = tuple_(*columns).in_(keys if isinstance(keys, BindParameter) else list(keys))
    condition.right = row_values(condition.right)
    return condition


def bounded_range(
    value: ColumnElement[Any], *, after: SqlInteger = MIN_INT64, before: SqlInteger = MAX_INT64
) -> ColumnElement[bool]:
    """Return an exclusive range of a 64-bit integer, for which SQLite uses an index.

    SQLite estimates a range with two bounds as selective, even if one of them excludes nothing.
    """
    return and_(value > after, value < before)


def last_sequence(tx: Connection, numbered_table: Table) -> int:
    """Return the last number that AUTOINCREMENT assigned in a table, even if that row is deleted; 0 if unknown."""
    if tx.dialect.name != "sqlite":
        return 0
    statement = text("SELECT seq FROM sqlite_sequence WHERE name = :name")
    return tx.execute(statement, {"name": numbered_table.name}).scalar_one_or_none() or 0


def upsert(
    dialect: str, table: Table, *, key: Sequence[str], add_to: Sequence[str] = (), overwrite: Sequence[str] = ()
) -> Insert:
    """Return an INSERT of the key and the named columns, with a bind parameter for each of them.

    For a key that exists it adds to the columns `add_to` and sets those of `overwrite`.
    """
    insert = _insert(dialect, table).values({name: bindparam(name) for name in (*key, *add_to, *overwrite)})
    changes: dict[str, ColumnElement[Any]] = {name: table.c[name] + insert.excluded[name] for name in add_to}
    changes |= {name: insert.excluded[name] for name in overwrite}
    if not changes:
        return insert.on_conflict_do_nothing(index_elements=list(key))
    return insert.on_conflict_do_update(index_elements=list(key), set_=changes)


def insert_or_ignore(tx: Connection, table: Table, *, key: Sequence[str], where: TextClause) -> Insert:
    """Return an INSERT that ignores an existing key of the partial index with the condition `where`."""
    return _insert(tx.dialect.name, table).on_conflict_do_nothing(index_elements=list(key), index_where=where)


def _insert(dialect: str, table: Table) -> "sqlite.Insert | postgresql.Insert":
    if dialect == "sqlite":
        return sqlite.insert(table)
    from sqlalchemy.dialects import postgresql  # noqa: PLC0415 - a server loads the dialect that it uses

    return postgresql.insert(table)
