"""A database file that somebody else holds, and a table to write to: what the tests of the writer share."""

import asyncio
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Column, MetaData, Table, Text, event, select
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import AsyncEngine

note = Table("note", MetaData(), Column("name", Text, primary_key=True))


def write_notes(tx: Connection, names: Sequence[str]) -> list[str]:
    """Work for the writer: keep each name, once; `bad` is refused."""
    if "bad" in names:
        raise ValueError("bad")
    tx.execute(note.insert(), [{"name": name} for name in names])
    return [name.upper() for name in names]


def read_notes(tx: Connection) -> set[str]:
    return set(tx.execute(select(note.c.name)).scalars())


@contextmanager
def held(file: Path) -> Iterator[sqlite3.Connection]:
    """The write lock of a file, in foreign hands; leave, or roll back, to let go of it."""
    foreign = sqlite3.connect(file, isolation_level=None)
    try:
        foreign.execute("BEGIN IMMEDIATE")
        yield foreign
    finally:
        foreign.close()


class Watch:
    """What a connection was told: transactions that it tried to begin, and those that it committed."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.begins = 0
        self.commits = 0
        self.beginning = asyncio.Event()
        event.listen(engine.sync_engine, "before_cursor_execute", self._on_statement)
        event.listen(engine.sync_engine, "commit", self._on_commit)

    def _on_statement(self, _connection: Connection, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("BEGIN"):
            self.begins += 1
            self.beginning.set()

    def _on_commit(self, _connection: Connection) -> None:
        self.commits += 1
