"""Statements that a database executes."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Connection

from models.database import Database


class Statement(str):
    """SQL text with the parameters of one row."""

    parameters: Any


@contextmanager
def capture_statements(database: Database, *, readers: bool = True, writer: bool = False) -> Iterator[list[Statement]]:
    """Collect the statements of readers or the writer, except for those that begin or end a transaction."""
    engines = [database._reader._engine, database._heavy_reader._engine] if readers else []
    if writer:
        engines.append(database._writer._thread._engine)
    sent: list[Statement] = []

    def record(_connection: Connection, _cursor: Any, sql: str, parameters: Any, _context: Any, many: bool) -> None:
        if not sql.startswith(("BEGIN", "COMMIT")):
            sent.append(Statement(sql))
            sent[-1].parameters = tuple(parameters[0] if many else parameters)

    for engine in engines:
        event.listen(engine, "before_cursor_execute", record)
    try:
        yield sent
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", record)
