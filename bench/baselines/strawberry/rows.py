"""What the plain peer stores, and where."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import JSON, Column, event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlmodel import Field, SQLModel


class SessionRow(SQLModel, table=True):
    id: str = Field(primary_key=True)
    kind: str
    subject: str | None = None
    visible: bool = True
    path: list[str] = Field(default=[], sa_column=Column(JSON, nullable=False))
    started_at: datetime = Field(index=True)
    last_seen_at: datetime
    timeout_seconds: int
    ended_at: datetime | None = None
    visible_seconds: float = 0.0
    revision: int = 1
    client_system: str | None = None
    username: str | None = None


def is_ended(row: SessionRow, now: datetime) -> bool:
    return row.ended_at is not None or row.last_seen_at + timedelta(seconds=row.timeout_seconds) <= now


def utc_now() -> datetime:
    return datetime.now(UTC)


def durable_engine(database: str) -> AsyncEngine:
    """SQLite with a write-ahead log; a commit is on disk when it returns."""
    engine = create_async_engine(f"sqlite+aiosqlite:///{database}")

    @event.listens_for(engine.sync_engine, "connect")
    def configure(connection: Any, _: Any) -> None:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")

    return engine
