"""Window of a truncated snapshot: which later changes concern its stream."""

from collections.abc import Iterable

from models.enums import Kind, SetChange
from models.tables.rows import Session
from resolvers.feed.messages import Change, FeedItem


class SnapshotWindow:
    """Remembers the sessions of one truncated snapshot without ten thousand ids for each stream.

    A snapshot has the latest sessions of the set, so the start time decides: a session of the set that started no
    earlier than the earliest in the snapshot was in it or has been added since. Only agenda items can change their
    start; those are remembered by id.
    """

    def __init__(self) -> None:
        self._earliest: tuple[int, str] | None = None
        self._ids: set[str] = set()

    def add(self, sessions: Iterable[Session]) -> None:
        """Add sessions of the snapshot."""
        for s in sessions:
            if s.kind == Kind.AGENDA:
                self._ids.add(s.id)
            elif self._earliest is None or _start_key(s) < self._earliest:
                self._earliest = _start_key(s)

    def accepts(self, item: FeedItem) -> bool:
        """Decide whether the stream gets a change; called once for each, in order."""
        change: Change = item.payload
        s = change.session
        if s is None:
            self._ids.discard(change.id)
            return True  # deleted, so its start is unknown; dropping a session that is not held is harmless
        if s.kind != Kind.AGENDA and self._earliest is not None and _start_key(s) >= self._earliest:
            return True
        if change.change == SetChange.ADDED:
            self._ids.add(change.id)
        is_held = change.id in self._ids
        if change.change == SetChange.REMOVED:
            self._ids.discard(change.id)
        return is_held


def _start_key(s: Session) -> tuple[int, str]:
    return s.started_at, s.id
