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
from models.dialect import unindexed
from models.enums import State
from models.tables import path_time, session
from resolvers.access import Caller, in_reach
from resolvers.filters import Filter
from resolvers.filters.fields import in_passing

COVERED: Final = frozenset({"project_id", "kind", "end_reason", "subject", "started_at", "ended_at", "last_seen_at"})
"""What the indexes of the past hold of a session beside its figures."""
OF_SUBJECTS: Final = frozenset({"kind", "end_reason", "subject"})
"""What the one in the order of subjects holds."""


@dataclass(frozen=True)
class Halves:
    """The sessions of a caller's projects that a filter names at a moment, as conditions on rows of their table."""

    caller: Caller
    chosen: Filter
    now: Instant

    @cached_property
    def past(self) -> ColumnElement[bool]:
        """Their ends are written down."""
        return and_(self._mine, session_rules.is_past_sql(indexed=self.is_covered), self.chosen.past_sql())

    @cached_property
    def present(self) -> ColumnElement[bool]:
        """All others."""
        # A project has far more sessions that have ended than there are others in all.
        return and_(self._mine_in_passing, session_rules.is_present_sql(), self.chosen.present_sql(self.now))

    @property
    def past_in_passing(self) -> ColumnElement[bool]:
        """As `past` is, for whoever reads it in the order of an index."""
        return and_(self._mine_in_passing, session_rules.is_past_sql(), self.chosen.past_sql(in_passing))

    @property
    def both(self) -> ColumnElement[bool]:
        """Of one half or the other; where none of the past can match, only the present is looked at."""
        return self.present if self.chosen.is_of_present else and_(self._mine, self.chosen.sql(self.now))

    @property
    def active(self) -> ColumnElement[bool]:
        """They are going on: only sessions of the present are."""
        return and_(self.present, session_rules.in_state_sql(State.ACTIVE, self.now))

    @property
    def visible(self) -> ColumnElement[bool]:
        """They are visible: none is that has ended."""
        return and_(self.present, session_rules.is_visible_sql(self.now))

    @property
    def past_times(self) -> ColumnElement[bool] | None:
        """Times on paths of the past, where those alone can say it; else they are to be joined with their sessions."""
        if not self.chosen.past_columns <= {"project_id", "kind"}:
            return None
        return and_(in_reach(self.caller, path_time.c.project_id), self.chosen.past_sql(path_time.c.__getitem__))

    @cached_property
    def is_covered(self) -> bool:
        """Whether indexes answer `past` without the rows. Else no index is better than the one that a filter names, if
        any: rows that are read in another order than they are stored in take many times as long.
        """
        return self.chosen.past_columns <= COVERED

    def grouping(self, key: ColumnElement[Any]) -> ColumnElement[Any]:
        """A column to group the past by: in the order of an index only where that holds all the rest as well."""
        held = OF_SUBJECTS if key is session.c.subject else COVERED
        return key if self.chosen.past_columns <= held else unindexed(key)

    def count(self) -> Select[Any]:
        """How many there are."""
        return select(_count(self.past) + _count(self.present))

    @property
    def _mine(self) -> ColumnElement[bool]:
        return in_reach(self.caller, session.c.project_id)

    @property
    def _mine_in_passing(self) -> ColumnElement[bool]:
        return in_reach(self.caller, in_passing("project_id"))


def _count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return select(func.count()).select_from(session).where(condition).scalar_subquery()
