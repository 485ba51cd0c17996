"""SQLite's query plans."""

from collections.abc import Awaitable, Sequence
from typing import Any

from sqlalchemy.engine import Connection

from models.database import Database
from tests.statements import Statement, capture_statements


async def explain(database: Database, query: Awaitable[Any]) -> list[str]:
    """Return the steps of all SELECT statements that a query executes."""
    with capture_statements(database, writer=True) as sent:
        await query
    return await database.read(explain_statements, [sql for sql in sent if sql.startswith(("SELECT", "WITH"))])


def explain_statements(tx: Connection, statements: Sequence[Statement]) -> list[str]:
    """Return the steps of all statements."""
    explained = [tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", sql.parameters) for sql in statements]
    return [step for plan in explained for *_, step in plan]


def session_steps(plan: list[str]) -> list[str]:
    """Return the steps that read the session table."""
    return [step for step in plan if step.split()[:2] in (["SCAN", "session"], ["SEARCH", "session"])]
