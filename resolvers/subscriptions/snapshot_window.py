"""What a stream knows whose snapshot was truncated: the sessions that it was sent, and those that were added later."""

from collections.abc import Iterable

from models.enums import Kind, SetChange
from models.tables.session import Session
from resolvers.feed.messages import Change, FeedItem


class SnapshotWindow:
    """Remembers the sessions of one truncated snapshot, without ten thousand ids for each stream.

    What was sent are the latest sessions of the set, so most are told by when they began: whatever is in the set and
    began no earlier than the earliest of them was sent, or has been added since. Only items of the agenda can be moved
    to another time; they are remembered by id.
    """

    def __init__(self) -> None:
        self._earliest: tuple[int, str] | None = None
        self._ids: set[str] = set()

    def add(self, sessions: Iterable[Session]) -> None:
        """These were sent."""
        for s in sessions:
            if s.kind == Kind.AGENDA:
                self._ids.add(s.id)
            elif self._earliest is None or _start_key(s) < self._earliest:
                self._earliest = _start_key(s)

    def accepts(self, item: FeedItem) -> bool:
        """Whether the stream is told of a change. To be asked of each, in order."""
        change: Change = item.payload
        s = change.session
        if s is None:
            self._ids.discard(change.id)
            return True  # it is gone, and with it when it began; to drop what is not held does no harm
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
