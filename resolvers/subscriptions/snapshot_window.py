"""What a stream knows whose snapshot was truncated: the sessions that it was sent, and those that were added later."""

from collections.abc import Iterable

from models.enums import Kind, SetChange
from models.tables.session import Session
from resolvers.feed.messages import Change, Item


class Sent:
    """Remembers the sessions of one truncated snapshot, without ten thousand ids for each stream.

    What was sent are the latest sessions of the set, so most are told by when they began: whatever is in the set and
    began no earlier than the earliest of them was sent, or has been added since. Only items of the agenda can be moved
    to another time; they are remembered by id.
    """

    def __init__(self) -> None:
        self._earliest: tuple[int, str] | None = None
        self._ids: set[str] = set()

    def note(self, sessions: Iterable[Session]) -> None:
        """These were sent."""
        for s in sessions:
            if s.kind == Kind.AGENDA:
                self._ids.add(s.id)
            elif self._earliest is None or _began(s) < self._earliest:
                self._earliest = _began(s)

    def passes(self, item: Item) -> bool:
        """Whether the stream is told of a change. To be asked of each, in order."""
        told: Change = item.payload
        s = told.session
        if s is None:
            self._ids.discard(told.id)
            return True  # it is gone, and with it when it began; to drop what is not held does no harm
        if s.kind != Kind.AGENDA and self._earliest is not None and _began(s) >= self._earliest:
            return True
        if told.change == SetChange.ADDED:
            self._ids.add(told.id)
        known = told.id in self._ids
        if told.change == SetChange.REMOVED:
            self._ids.discard(told.id)
        return known


def _began(s: Session) -> tuple[int, str]:
    return s.started_at, s.id
