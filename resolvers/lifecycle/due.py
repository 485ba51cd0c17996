"""What the sweeper writes: beginnings and ends that time has made true, and what has been kept long enough."""

from typing import Final, NamedTuple

from sqlalchemy import and_, select
from sqlalchemy.engine import Connection

from models.clock import DAY, Instant
from models.enums import ActivityType
from models.tables import activity, idempotency, session
from models.tables.session import Session
from resolvers.lifecycle.idempotency import KEY_TTL_MS
from resolvers.lifecycle.removing import delete_sessions
from resolvers.lifecycle.repository import save
from resolvers.lifecycle.unit_of_work import SessionUnitOfWork, apply_due

DUE_BATCH: Final = 200
"""Sessions in one transaction, so that other calls need not wait for long."""

RETENTION_BATCH: Final = 50
"""The same where they are deleted: a playback may take thousands of events and activities along."""

TOMBSTONE_TTL_MS: Final = 7 * DAY
"""How long the log remembers sessions that are gone."""


class Sweep(NamedTuple):
    """One round: the present, and how long ended sessions are kept (null: for ever)."""

    now: Instant
    retention: int | None = None


class DueBatchResult(NamedTuple):
    """What became of a batch of sessions that were due."""

    processed: int
    ended: int


def apply_due_batch(tx: Connection, sweep: Sweep) -> DueBatchResult:
    """Begin and end what is due, at most `BATCH` rows.

    A row whose end has moved since it was last looked at only gets its next date: no change of the session.
    """
    due = select(session).where(session.c.due_at <= sweep.now).order_by(session.c.due_at).limit(DUE_BATCH)
    units = [SessionUnitOfWork(Session(*row)) for row in tx.execute(due)]
    postponed = [uow.session for uow in units if not apply_due(uow, sweep.now)]
    save(tx, units)
    if postponed:
        is_postponed = session.c.id.in_([s.id for s in postponed])
        tx.execute(session.update().where(is_postponed).values(due_at=session.c.expires_at))
    return DueBatchResult(len(units), sum(draft.session.ended_at is not None for draft in units))


def purge_expired(tx: Connection, sweep: Sweep) -> None:
    """Drop keys after 24 hours and traces of sessions that are gone after 7 days."""
    tx.execute(idempotency.delete().where(idempotency.c.created_at <= sweep.now - KEY_TTL_MS))
    is_tombstone = activity.c.type.in_([ActivityType.REPLACED.value, ActivityType.DELETED.value])
    tx.execute(activity.delete().where(and_(is_tombstone, activity.c.at <= sweep.now - TOMBSTONE_TTL_MS)))


def apply_retention(tx: Connection, sweep: Sweep) -> int:
    """Delete sessions that ended too long ago, at most `RETIRED`; how many."""
    if sweep.retention is None:
        return 0
    expired = select(session).where(session.c.ended_at <= sweep.now - sweep.retention).limit(RETENTION_BATCH)
    sessions = [Session(*row) for row in tx.execute(expired)]
    if sessions:
        delete_sessions(tx, sessions, ActivityType.DELETED, sweep.now)
    return len(sessions)
