"""Statements that are built and compiled once, and executed on the driver's cursor.

Building an expression, looking up what was compiled for it, and making rows that have names take SQLAlchemy 150 µs for
a read by id, of which SQLite needs 10.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeAlias, TypeVar, cast, overload

from sqlalchemy import BindParameter, Delete, Dialect, Insert, Select, Update
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TupleType, TypeEngine

from models.database.engine import Transaction
from models.database.row_factory import Decoder, Source, parameters_factory, row_factory

Row = TypeVar("Row")
Values: TypeAlias = Mapping[str, Any]
"""What a statement is executed with, by the names of its bind parameters."""

MAX_PADDED: Final = 1024
"""Length of a list up to which it is padded to a power of two."""


class Statement(Generic[Row]):
    """A SELECT, INSERT, UPDATE or DELETE whose values are bind parameters.

    A list, `column.in_(bindparam("ids", expanding=True))`, is padded by repeating its last item, so that few lengths
    are compiled. All other values of the expression are constants.
    """

    @overload
    def __init__(self: "Statement[tuple[Any, ...]]", expression: Select[Any] | Insert | Update | Delete) -> None: ...

    @overload
    def __init__(self, expression: Select[Any], row_class: type[Row]) -> None: ...

    def __init__(self, expression: Select[Any] | Insert | Update | Delete, row_class: type[Any] | None = None) -> None:
        """
        Args:
            expression: the statement.
            row_class: of which each row becomes an instance that has the selected columns only; tuples without it.
        """
        self._expression = expression
        self._row_class = row_class
        self._plans: dict[str, _Plan] = {}

    def rows(self, tx: Transaction, **values: Any) -> list[Row]:
        """Return all rows."""
        plan = self._plan(tx.dialect)
        return plan.make_rows(_fetch_all(tx, *plan.bind(values)))

    def first(self, tx: Transaction, **values: Any) -> Row | None:
        """Return the first row; None without one."""
        rows = self.rows(tx, **values)
        return rows[0] if rows else None

    def scalar(self, tx: Transaction, **values: Any) -> Any:
        """Return the first column of the first row; None without one. Only for rows that are tuples."""
        rows: list[Any] = self.rows(tx, **values)
        return rows[0][0] if rows else None

    def execute(self, tx: Transaction, **values: Any) -> int:
        """Execute an INSERT, UPDATE or DELETE. Returns the number of rows."""
        return int(execute_sql(tx, *self._plan(tx.dialect).bind(values)).rowcount)

    def execute_many(self, tx: Transaction, rows: Sequence[Values]) -> int:
        """Execute an INSERT, UPDATE or DELETE for each of `rows`, which have no lists. Returns the number of rows."""
        if not rows:
            return 0
        plan = self._plan(tx.dialect)
        sql, _ = plan.bind(rows[0])
        return int(execute_sql(tx, sql, [plan.bind(values)[1] for values in rows], many=True).rowcount)

    def _plan(self, dialect: Dialect) -> "_Plan":
        plan = self._plans.get(dialect.name)
        if plan is None:
            plan = self._plans[dialect.name] = _Plan(self._expression, dialect, self._row_class)
        return plan


class _Plan:
    """A statement compiled for a dialect."""

    def __init__(self, expression: Any, dialect: Dialect, row_class: type[Any] | None) -> None:
        self._dialect = dialect
        compiled = expression.compile(dialect=dialect)
        assert isinstance(compiled, SQLCompiler), "it is no DDL"
        self._compiled = compiled
        self._binds: dict[str, BindParameter[Any]] = {name: bind for bind, name in compiled.bind_names.items()}
        self._lists = [name for name, bind in self._binds.items() if bind.expanding and bind.required]
        self._texts: dict[tuple[int, ...], _Text] = {}
        """By the lengths of the lists."""
        columns = expression.selected_columns if isinstance(expression, Select) else ()
        decoders = [_decoder(column.type, dialect) for column in columns]
        names = None if row_class is None else [str(column.key) for column in columns]
        self.make_rows: Callable[[list[tuple[Any, ...]]], list[Any]] = row_factory(row_class, names, decoders)

    def bind(self, values: Values) -> tuple[str, list[Any]]:
        """Return SQL and the driver's parameters."""
        if not self._lists:
            text = self._texts.get(()) or self._expand(values, {})
            return text.sql, text.parameters(values)
        lists = {name: _padded(values[name]) for name in self._lists}
        text = self._texts.get(tuple(map(len, lists.values()))) or self._expand(values, lists)
        values = dict(values)
        for name, items in text.items.items():
            values.update(zip(items, _flat(lists[name]), strict=True))
        return text.sql, text.parameters(values)

    def _expand(self, values: Values, lists: dict[str, list[Any]]) -> "_Text":
        state = self._compiled.construct_expanded_state({**values, **lists})
        sources = {name: self._source(name, bind) for name, bind in self._binds.items()}
        for name, items in state.parameter_expansion.items():
            types = self._binds[name].type
            each: Sequence[TypeEngine[Any]] = types.types if isinstance(types, TupleType) else [types]
            for number, item in enumerate(items):
                if name in lists:
                    sources[item] = Source(item, None, _encoder(each[number % len(each)], self._dialect))
                else:
                    sources[item] = Source(None, state.parameters[item], None)
        found = _Text(
            state.statement,
            parameters_factory([sources[name] for name in state.positiontup or ()]),
            {name: list(items) for name, items in state.parameter_expansion.items() if name in lists},
        )
        self._texts[tuple(map(len, lists.values()))] = found
        return found

    def _source(self, name: str, bind: BindParameter[Any]) -> Source:
        encode = _encoder(bind.type, self._dialect)
        if bind.required:
            return Source(name, None, encode)
        constant = bind.effective_value
        return Source(None, constant if encode is None or bind.expanding else encode(constant), None)


@dataclass(frozen=True, slots=True)
class _Text:
    """SQL for lists of certain lengths."""

    sql: str
    parameters: Callable[[Values], list[Any]]
    """Returns the driver's parameters."""
    items: dict[str, list[str]]
    """Names of the items of each list."""


def execute_sql(tx: Transaction, sql: str, parameters: Any = (), *, many: bool = False) -> Any:
    """Execute on the driver's cursor, as SQLAlchemy would: observed by the same listeners, failing with its errors."""
    # Not `tx.connection.cursor()`, which takes a microsecond longer to return the same.
    cursor = cast("DBAPIConnection", tx.connection.dbapi_connection).cursor()
    for listener in tx.dispatch.before_cursor_execute:
        listener(tx, cursor, sql, parameters, None, many)
    try:
        if many:
            cursor.executemany(sql, parameters)
        else:
            cursor.execute(sql, parameters)
    except _driver_error(tx) as error:
        raise _as_sqlalchemy(tx, sql, parameters, error) from error
    return cursor


def _fetch_all(tx: Transaction, sql: str, parameters: Any) -> list[tuple[Any, ...]]:
    cursor = execute_sql(tx, sql, parameters)
    try:
        rows: list[tuple[Any, ...]] = cursor.fetchall()  # which steps the statement: it can fail at any row
    except _driver_error(tx) as error:
        raise _as_sqlalchemy(tx, sql, parameters, error) from error
    return rows


def _driver_error(tx: Transaction) -> type[Exception]:
    driver: Any = tx.dialect.loaded_dbapi
    error: type[Exception] = driver.Error
    return error


def _as_sqlalchemy(tx: Transaction, sql: str, parameters: Any, error: Exception) -> BaseException:
    return DBAPIError.instance(sql, parameters, error, _driver_error(tx), hide_parameters=True, dialect=tx.dialect)


def _encoder(type_: TypeEngine[Any], dialect: Dialect) -> Callable[[Any], Any] | None:
    return type_.dialect_impl(dialect).bind_processor(dialect)


def _decoder(type_: TypeEngine[Any], dialect: Dialect) -> Decoder | None:
    return type_.dialect_impl(dialect).result_processor(dialect, None)


def _padded(items: Sequence[Any]) -> list[Any]:
    found = list(items)
    length = len(found)
    if length > 1:
        target = 1 << (length - 1).bit_length() if length <= MAX_PADDED else -(-length // MAX_PADDED) * MAX_PADDED
        found += found[-1:] * (target - length)
    return found


def _flat(items: list[Any]) -> list[Any]:
    """Return the items of composite keys one after the other."""
    return [part for item in items for part in item] if items and isinstance(items[0], tuple) else items
