"""Writes of the server itself."""

from sqlalchemy import and_, select

from models.clock import Instant
from models.database import Transaction
from models.session_rules import extended_deadline_sql
from models.tables import idempotency, server, session


def read_alive_at(tx: Transaction) -> Instant | None:
    alive_at: Instant | None = tx.execute(select(server.c.alive_at)).scalar_one()
    return alive_at


def set_alive_at(tx: Transaction, now: Instant) -> None:
    tx.execute(server.update().values(alive_at=now))


def extend_deadlines(tx: Transaction, alive_at: Instant, now: Instant) -> None:
    """Give every session that was active at `alive_at` its full timeout from `now`: no revision, no activity.

    Idempotency keys live longer by the gap, as their clients may have waited for the server.
    """
    was_active = and_(
        session.c.ended_at.is_(None),
        session.c.timeout_seconds.is_not(None),
        session.c.expires_at > alive_at,
    )
    tx.execute(session.update().where(was_active).values(extended_deadline_sql(now)))
    tx.execute(idempotency.update().values(created_at=idempotency.c.created_at + (now - alive_at)))
