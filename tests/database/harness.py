"""A database file that somebody else holds, and a table to write to: what the tests of the writer share."""

import asyncio
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Column, MetaData, Table, Text, event, select
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import AsyncEngine

from models.database import batched

notes_table = Table("note", MetaData(), Column("name", Text, primary_key=True))


@batched
def write_notes(tx: Connection, names: Sequence[str]) -> list[str]:
    """Work for the writer: keep each name, once; `bad` is refused."""
    if "bad" in names:
        raise ValueError("bad")
    tx.execute(notes_table.insert(), [{"name": name} for name in names])
    return [name.upper() for name in names]


def read_notes(tx: Connection) -> set[str]:
    return set(tx.execute(select(notes_table.c.name)).scalars())


@contextmanager
def write_locked(file: Path) -> Iterator[sqlite3.Connection]:
    """The write lock of a file, in foreign hands; leave, or roll back, to let go of it."""
    connection = sqlite3.connect(file, isolation_level=None)
    try:
        connection.execute("BEGIN IMMEDIATE")
        yield connection
    finally:
        connection.close()


class EngineSpy:
    """What a connection was told: transactions that it tried to begin, and those that it committed."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.begin_count = 0
        self.commit_count = 0
        self.transaction_begun = asyncio.Event()
        event.listen(engine.sync_engine, "before_cursor_execute", self._on_statement)
        event.listen(engine.sync_engine, "commit", self._on_commit)

    def _on_statement(self, _connection: Connection, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("BEGIN"):
            self.begin_count += 1
            self.transaction_begun.set()

    def _on_commit(self, _connection: Connection) -> None:
        self.commit_count += 1
