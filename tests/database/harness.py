"""Statements and locks that database tests share."""

import asyncio
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import Column, MetaData, Table, Text, event, select, text
from sqlalchemy.engine import Connection, Engine

from models.database import Transaction, batched

notes_table = Table("note", MetaData(), Column("name", Text, primary_key=True))


@batched
def write_notes(tx: Transaction, names: Sequence[str]) -> list[str]:
    if "bad" in names:
        raise ValueError("bad")
    tx.execute(notes_table.insert(), [{"name": name} for name in names])
    return [name.upper() for name in names]


def read_notes(tx: Transaction) -> set[str]:
    return set(tx.execute(select(notes_table.c.name)).scalars())


def run_endless_query(tx: Transaction, *_: object) -> None:
    """Run for minutes, unless interrupted."""
    limited = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 1000000000) SELECT count(*) FROM n"
    tx.execute(text(limited))


def select_one(tx: Transaction) -> int:
    return int(tx.execute(text("SELECT 1")).scalar_one())


@contextmanager
def write_locked(file: Path) -> Iterator[sqlite3.Connection]:
    """Hold the write lock of a file as another process would, until exit or ROLLBACK."""
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield connection


class EngineSpy:
    """Counts the transactions of an engine, each of which is one hop to its thread."""

    def __init__(self, engine: Engine) -> None:
        self.begin_count = 0
        self.commit_count = 0
        self.transaction_begun = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        event.listen(engine, "before_cursor_execute", self._on_statement)

    def _on_statement(self, _connection: Connection, _cursor: object, statement: str, *_: object) -> None:
        self.commit_count += statement == "COMMIT"
        if statement.startswith("BEGIN"):
            self.begin_count += 1
            self._loop.call_soon_threadsafe(self.transaction_begun.set)
