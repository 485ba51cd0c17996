"""What a transaction has changed, told to whoever listens once it is on disk."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, TypeAlias

from sqlalchemy.engine import Connection

_INFO_KEY: Final = "changes"


@dataclass(frozen=True, slots=True)
class CommittedChanges:
    """What one commit has changed. A hint to look, never the truth: that is in the log."""

    session_ids: frozenset[str]
    """The ids of the sessions whose rows or timelines changed; may lack those that other processes changed."""
    appended_log: bool
    """Whether the log may have grown."""


CommitListener: TypeAlias = Callable[[CommittedChanges], None]
"""Is called after a commit, and must only make a note of it."""


class _PendingChanges:
    def __init__(self) -> None:
        self.session_ids: set[str] = set()
        self.appended_log = False


def reset(tx: Connection) -> None:
    """Forget what an earlier transaction of this connection has noted."""
    tx.info[_INFO_KEY] = _PendingChanges()


def track(tx: Connection, session_ids: Iterable[str], *, appended_log: bool = False) -> None:
    """Note that the transaction changes these sessions, and whether it writes about them in the log."""
    changes = tx.info.setdefault(_INFO_KEY, _PendingChanges())
    changes.session_ids.update(session_ids)
    changes.appended_log = changes.appended_log or appended_log


def collect(tx: Connection) -> CommittedChanges:
    """What has been noted since `reset`."""
    changes = tx.info[_INFO_KEY]
    return CommittedChanges(frozenset(changes.session_ids), changes.appended_log)
