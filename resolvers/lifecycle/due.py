"""Due transitions: starts and expiries that the clock has reached and no transaction has persisted yet."""

from itertools import accumulate
from typing import Final

from models.clock import Instant
from models.database import Database, Transaction
from models.errors import StorageUnavailable
from models.session_rules import is_expired
from models.tables.rows import Session
from resolvers.lifecycle import repository
from resolvers.lifecycle.unit_of_work import SessionUnitOfWork
from resolvers.repository import read_alive_at
from resolvers.server_liveness import MAX_DOWNTIME_MS

DUE_BATCH: Final = 200
"""Sessions per transaction, of 0.1 ms each: other writes wait for it."""
MAX_DUE_PATHS: Final = 1_000
"""Times by path that these sessions have together: the end of a session writes each of its times."""


def has_due_transition(s: Session, now: Instant) -> bool:
    return is_expired(s, now) or (s.ended_at is None and not s.begun and s.started_at <= now)


def apply_due_batch(tx: Transaction, now: Instant) -> bool:
    """Apply the transitions that were due first. Returns whether there may be others."""
    # If the clock was set back meanwhile, sessions have been kept alive at earlier times than `now`.
    alive_at = read_alive_at(tx)
    now = now if alive_at is None else min(now, alive_at + MAX_DOWNTIME_MS)
    found = repository.load_due(tx, now, DUE_BATCH)
    units = _up_to_max_paths(found)
    # Keepalives leave `due_at` behind `expires_at`: such a session only gets its new date.
    postponed = [uow.session.id for uow in units if not uow.apply_due(now)]
    repository.save(tx, units)
    if postponed:
        repository.postpone_due(tx, postponed)
    return len(found) == DUE_BATCH or len(units) < len(found)


def _up_to_max_paths(units: list[SessionUnitOfWork]) -> list[SessionUnitOfWork]:
    totals = accumulate(uow.session.path_count for uow in units)
    return units[: max(1, sum(1 for total in totals if total <= MAX_DUE_PATHS))]


async def flush_due(database: Database, now: Instant) -> bool:
    """Persist all transitions that are due at `now`. Returns false if nothing can be written at the moment.

    A set of live sessions is read only after this, so that every removal has a log entry. Otherwise a keepalive with an
    earlier `now` that is still in flight could extend a session which the snapshot had left out as expired, and
    subscribers would never see it.
    """
    try:
        while await database.write(apply_due_batch, now):
            pass
    except StorageUnavailable:
        return False  # the sweeper, which tries it as well, logs it
    return True
