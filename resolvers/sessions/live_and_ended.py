"""The sessions that a filter names, in two halves: those whose end is written down, and the others.

The first half holds nearly all of a database that has been used for a while, and nothing in it changes any more, so
that indexes hold all that is usually asked of it; of the second, few as they are, the rows are read, and the live rule
is asked. A statistic asks both in one statement: it sees one state of the database.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, func, select

from models import session_rules
from models.clock import Instant
from models.dialect import no_index
from models.enums import State
from models.tables import path_time, session
from resolvers.access import Caller, project_condition
from resolvers.filters import Filter
from resolvers.filters.fields import ended_column_unindexed

COVERING_INDEX_COLUMNS: Final = frozenset(
    {"project_id", "kind", "end_reason", "subject", "started_at", "ended_at", "last_seen_at"}
)
"""What the indexes of the past hold of a session beside its figures."""
SUBJECT_INDEX_COLUMNS: Final = frozenset({"kind", "end_reason", "subject"})
"""What the one in the order of subjects holds."""


@dataclass(frozen=True)
class SessionSelection:
    """The sessions of a caller's projects that a filter names at a moment, as conditions on rows of their table."""

    caller: Caller
    session_filter: Filter
    now: Instant

    @cached_property
    def ended(self) -> ColumnElement[bool]:
        """Their ends are written down."""
        return and_(
            self._accessible, session_rules.is_ended_sql(indexed=self.is_covered), self.session_filter.ended_sql()
        )

    @cached_property
    def live(self) -> ColumnElement[bool]:
        """All others."""
        # A project has far more sessions that have ended than there are others in all.
        return and_(self._accessible_unindexed, session_rules.is_live_sql(), self.session_filter.live_sql(self.now))

    @property
    def ended_in_index_order(self) -> ColumnElement[bool]:
        """As `past` is, for whoever reads it in the order of an index."""
        return and_(
            self._accessible_unindexed,
            session_rules.is_ended_sql(),
            self.session_filter.ended_sql(ended_column_unindexed),
        )

    @property
    def matching(self) -> ColumnElement[bool]:
        """Of one half or the other; where none of the past can match, only the present is looked at."""
        return (
            self.live
            if self.session_filter.excludes_ended
            else and_(self._accessible, self.session_filter.sql(self.now))
        )

    @property
    def active(self) -> ColumnElement[bool]:
        """They are going on: only sessions of the present are."""
        return and_(self.live, session_rules.in_state_sql(State.ACTIVE, self.now))

    @property
    def visible(self) -> ColumnElement[bool]:
        """They are visible: none is that has ended."""
        return and_(self.live, session_rules.is_visible_sql(self.now))

    @property
    def ended_path_times(self) -> ColumnElement[bool] | None:
        """Times on paths of the past, where those alone can say it; else they are to be joined with their sessions."""
        if not self.session_filter.ended_columns <= {"project_id", "kind"}:
            return None
        return and_(
            project_condition(self.caller, path_time.c.project_id),
            self.session_filter.ended_sql(path_time.c.__getitem__),
        )

    @cached_property
    def is_covered(self) -> bool:
        """Whether indexes answer `past` without the rows. Else no index is better than the one that a filter names, if
        any: rows that are read in another order than they are stored in take many times as long.
        """
        return self.session_filter.ended_columns <= COVERING_INDEX_COLUMNS

    def group_key(self, key: ColumnElement[Any]) -> ColumnElement[Any]:
        """A column to group the past by: in the order of an index only where that holds all the rest as well."""
        indexed = SUBJECT_INDEX_COLUMNS if key is session.c.subject else COVERING_INDEX_COLUMNS
        return key if self.session_filter.ended_columns <= indexed else no_index(key)

    def count(self) -> Select[Any]:
        """How many there are."""
        return select(_count(self.ended) + _count(self.live))

    @property
    def _accessible(self) -> ColumnElement[bool]:
        return project_condition(self.caller, session.c.project_id)

    @property
    def _accessible_unindexed(self) -> ColumnElement[bool]:
        return project_condition(self.caller, ended_column_unindexed("project_id"))


def _count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return select(func.count()).select_from(session).where(condition).scalar_subquery()
