"""What the sweeper writes: beginnings and ends that time has made true, and what has been kept long enough."""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple, TypeVar

from sqlalchemy import and_, select
from sqlalchemy.engine import Connection

from models.clock import DAY, Instant
from models.enums import ActivityType
from models.tables import activity, idempotency, session
from models.tables.session import Session
from resolvers.lifecycle.idempotency import KEPT
from resolvers.lifecycle.removing import remove
from resolvers.lifecycle.repository import write_drafts
from resolvers.lifecycle.unit_of_work import Draft, settle

Result = TypeVar("Result")

BATCH: Final = 200
"""Sessions in one transaction, so that other calls need not wait for long."""

RETIRED: Final = 50
"""The same where they are deleted: a playback may take thousands of events and activities along."""

GONE_KEPT: Final = 7 * DAY
"""How long the log remembers sessions that are gone."""


class Sweep(NamedTuple):
    """One round: the present, and how long ended sessions are kept (null: for ever)."""

    now: Instant
    retention: int | None = None


class Settled(NamedTuple):
    """What became of a batch of sessions that were due."""

    seen: int
    ended: int


def each(work: Callable[[Connection, Sweep], Result]) -> Callable[[Connection, Sequence[Sweep]], list[Result]]:
    """Work for one sweep as work for the writer."""

    def all_of_them(tx: Connection, sweeps: Sequence[Sweep]) -> list[Result]:
        return [work(tx, sweep) for sweep in sweeps]

    return all_of_them


def _settle_due(tx: Connection, sweep: Sweep) -> Settled:
    """Begin and end what is due, at most `BATCH` rows.

    A row whose end has moved since it was last looked at only gets its next date: no change of the session.
    """
    due = select(session).where(session.c.due_at <= sweep.now).order_by(session.c.due_at).limit(BATCH)
    drafts = [Draft(Session(*row)) for row in tx.execute(due)]
    waiting = [draft.session for draft in drafts if not settle(draft, sweep.now)]
    write_drafts(tx, drafts)
    if waiting:
        later = session.c.id.in_([s.id for s in waiting])
        tx.execute(session.update().where(later).values(due_at=session.c.expires_at))
    return Settled(len(drafts), sum(draft.session.ended_at is not None for draft in drafts))


def _forget(tx: Connection, sweep: Sweep) -> int:
    """Drop keys after 24 hours and traces of sessions that are gone after 7 days."""
    tx.execute(idempotency.delete().where(idempotency.c.created_at <= sweep.now - KEPT))
    gone = activity.c.type.in_([ActivityType.REPLACED.value, ActivityType.DELETED.value])
    tx.execute(activity.delete().where(and_(gone, activity.c.at <= sweep.now - GONE_KEPT)))
    return 0


def _retire(tx: Connection, sweep: Sweep) -> int:
    """Delete sessions that ended too long ago, at most `RETIRED`; how many."""
    if sweep.retention is None:
        return 0
    old = select(session).where(session.c.ended_at <= sweep.now - sweep.retention).limit(RETIRED)
    sessions = [Session(*row) for row in tx.execute(old)]
    if sessions:
        remove(tx, sessions, ActivityType.DELETED, sweep.now)
    return len(sessions)


settle_due = each(_settle_due)
forget = each(_forget)
retire = each(_retire)
