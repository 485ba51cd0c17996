"""Record of the sessions that a transaction changes, published after its commit."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, TypeAlias

from models.database.engine import Transaction

_INFO_KEY: Final = "changes"


@dataclass(frozen=True, slots=True)
class CommittedChanges:
    """Changes of one commit: a hint to read the log, which alone is complete."""

    session_ids: frozenset[str]
    """Sessions whose row or timeline changed; without those that other processes changed."""
    appended_log: bool


CommitListener: TypeAlias = Callable[[CommittedChanges], None]
"""Called by the writer between two transactions, so it must return at once."""


class _PendingChanges:
    def __init__(self) -> None:
        self.session_ids: set[str] = set()
        self.appended_log = False


def reset(tx: Transaction) -> None:
    tx.info[_INFO_KEY] = _PendingChanges()


def track(tx: Transaction, session_ids: Iterable[str], *, appended_log: bool = False) -> None:
    """Record that the transaction changes these sessions, and whether it appends to the log."""
    changes = tx.info.setdefault(_INFO_KEY, _PendingChanges())
    changes.session_ids.update(session_ids)
    changes.appended_log = changes.appended_log or appended_log


def collect(tx: Transaction) -> CommittedChanges:
    """Return the changes since `reset`."""
    changes = tx.info[_INFO_KEY]
    return CommittedChanges(frozenset(changes.session_ids), changes.appended_log)
