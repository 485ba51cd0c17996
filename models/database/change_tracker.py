"""What a transaction has changed, told to whoever listens once it is on disk."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, TypeAlias

from sqlalchemy.engine import Connection

_KEY: Final = "changes"


@dataclass(frozen=True, slots=True)
class Committed:
    """What one commit has changed. A hint to look, never the truth: that is in the log."""

    sessions: frozenset[str]
    """The ids of the sessions whose rows or timelines changed; may lack those that other processes changed."""
    logged: bool
    """Whether the log may have grown."""


Listener: TypeAlias = Callable[[Committed], None]
"""Is called after a commit, and must only make a note of it."""


class _Changes:
    def __init__(self) -> None:
        self.sessions: set[str] = set()
        self.logged = False


def begin(tx: Connection) -> None:
    """Forget what an earlier transaction of this connection has noted."""
    tx.info[_KEY] = _Changes()


def note(tx: Connection, sessions: Iterable[str], *, logged: bool = False) -> None:
    """Note that the transaction changes these sessions, and whether it writes about them in the log."""
    changes = tx.info.setdefault(_KEY, _Changes())
    changes.sessions.update(sessions)
    changes.logged = changes.logged or logged


def noted(tx: Connection) -> Committed:
    """What has been noted since `begin`."""
    changes = tx.info[_KEY]
    return Committed(frozenset(changes.sessions), changes.logged)
