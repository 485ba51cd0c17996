"""SQLite's query plans."""

from collections.abc import Awaitable
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Connection

from models.database import Database


async def explain(database: Database, query: Awaitable[Any]) -> list[str]:
    """Return the steps of all SELECT statements that a query executes."""
    statements: list[tuple[str, Any]] = []

    def on_execute(_connection: Connection, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        if statement.startswith("SELECT"):
            statements.append((statement, parameters))

    engines = (database._reader._engine.sync_engine, database._writer._engine.sync_engine)
    for engine in engines:
        event.listen(engine, "before_cursor_execute", on_execute)
    try:
        await query
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", on_execute)
    return await database.read(_explain, statements)


def _explain(tx: Connection, statements: list[tuple[str, Any]]) -> list[str]:
    return [
        step
        for sql, parameters in statements
        for *_, step in tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", parameters)
    ]


def session_steps(plan: list[str]) -> list[str]:
    """Return the steps that read the session table."""
    return [step for step in plan if step.split()[:2] in (["SCAN", "session"], ["SEARCH", "session"])]
