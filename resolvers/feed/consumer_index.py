"""Index of consumers by values that sessions never change.

A thousand dashboards that each show one device, or one project, cost nothing while others move.
"""

from collections.abc import Hashable, Iterable
from typing import Final, Generic, NamedTuple, TypeVar

from models.tables.rows import Activity, Session

ConsumerT = TypeVar("ConsumerT", bound=Hashable)

ANCHOR_COLUMNS: Final = ("id", "subject", "project_id")
"""Columns that are set when a session is created, those with the most values first."""


class Anchor(NamedTuple):
    """A condition that all sessions of a consumer meet, from their creation on."""

    column: str
    """One of `ANCHOR_COLUMNS`."""
    values: frozenset[str]


class ConsumerIndex(Generic[ConsumerT]):
    def __init__(self) -> None:
        self._by_value: dict[tuple[str, str], dict[ConsumerT, None]] = {}
        self._by_subject: dict[ConsumerT, None] = {}
        """Those with an anchor that no entry of the log has: without its session, it concerns all of them."""

    def add(self, consumer: ConsumerT, anchor: Anchor) -> None:
        for value in anchor.values:
            self._by_value.setdefault((anchor.column, value), {})[consumer] = None
        if anchor.column == "subject" and anchor.values:
            self._by_subject[consumer] = None

    def remove(self, consumer: ConsumerT, anchor: Anchor) -> None:
        for value in anchor.values:
            consumers = self._by_value[anchor.column, value]
            del consumers[consumer]
            if not consumers:
                del self._by_value[anchor.column, value]
        self._by_subject.pop(consumer, None)

    def concerned(self, changes: Iterable[tuple[Activity, Session | None]]) -> set[ConsumerT]:
        """Return the consumers that entries may concern; each comes with its session, None if it was deleted."""
        found: set[ConsumerT] = set()
        if not self._by_value:
            return found
        for entry, s in changes:
            found.update(self._by_value.get(("id", entry.session_id), ()))
            found.update(self._by_value.get(("project_id", entry.project_id), ()))
            if s is None:
                found.update(self._by_subject)
            elif s.subject is not None:
                found.update(self._by_value.get(("subject", s.subject), ()))
        return found
