"""Retention: deletion of old sessions, tombstones and idempotency keys."""

from typing import Final

from models.clock import DAY, Instant
from models.database import Transaction
from models.enums import ActivityType
from resolvers.lifecycle import queries, repository
from resolvers.lifecycle.idempotency import KEY_TTL_MS

RETENTION_BATCH: Final = 50
"""Sessions per transaction; each may have thousands of events and activities."""

TOMBSTONE_TTL_MS: Final = 7 * DAY
"""How long the log keeps DELETED and REPLACED entries."""


def purge_expired(tx: Transaction, now: Instant) -> None:
    repository.purge_idempotency_keys(tx, until=now - KEY_TTL_MS)
    repository.purge_tombstones(tx, until=now - TOMBSTONE_TTL_MS)


def apply_retention(tx: Transaction, period: tuple[Instant, int]) -> int:
    """Delete at most `RETENTION_BATCH` sessions whose end is older than the retention; returns how many.

    Args:
        tx: the transaction.
        period: the current time, and the retention in milliseconds.
    """
    now, retention = period
    sessions = queries.find_ended(tx, now - retention, RETENTION_BATCH)
    if sessions:
        repository.delete_sessions(tx, sessions, ActivityType.DELETED, now)
    return len(sessions)
