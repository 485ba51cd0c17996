"""The sessions that a filter names, in two halves: those whose end is written down, and the others.

The first half holds nearly all of a database that has been used for a while, and nothing in it changes any more, so
that indexes hold all that is usually asked of it; of the second, few as they are, the rows are read, and the live rule
is asked. A statistic asks both in one statement: it sees one state of the database.
"""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, func, select

from models import rule
from models.clock import Instant
from models.sql import unindexed
from models.tables import path_time, session
from models.words import State
from resolvers.access import Caller, in_reach
from resolvers.filters import Filter

COVERED: Final = frozenset({"project_id", "kind", "end_reason", "subject", "started_at", "ended_at"})
"""What the indexes of the past hold of a session beside its figures."""


@dataclass(frozen=True)
class Halves:
    """The conditions on rows of the session table, for one caller at one moment."""

    past: ColumnElement[bool]
    is_covered: bool
    """Whether indexes answer `past` without the rows. Else no index is better than the one that a filter names, if any:
    rows that are read in another order than they are stored in take many times as long."""
    past_times: ColumnElement[bool] | None
    """The condition on their times on paths, where those alone can say it; else they are joined with their sessions."""
    present: ColumnElement[bool]
    both: ColumnElement[bool]
    """Of one half or the other; where none of the past can match, only the present is looked at."""
    now: Instant

    @classmethod
    def of(cls, caller: Caller, chosen: Filter, now: Instant) -> "Halves":
        """The sessions of the caller's projects that a filter names."""
        mine = in_reach(caller, session.c.project_id)
        # A project has far more sessions that have ended than there are others in all.
        present = and_(
            in_reach(caller, unindexed(session.c.project_id)), rule.is_present_sql(), chosen.present_sql(now)
        )
        of_times = chosen.past_columns <= {"project_id", "kind"}
        is_covered = chosen.past_columns <= COVERED
        return cls(
            past=and_(mine, rule.is_past_sql(indexed=is_covered), chosen.past_sql()),
            is_covered=is_covered,
            past_times=and_(in_reach(caller, path_time.c.project_id), chosen.past_sql(path_time)) if of_times else None,
            present=present,
            both=present if chosen.is_of_present else and_(mine, chosen.sql(now)),
            now=now,
        )

    @property
    def active(self) -> ColumnElement[bool]:
        """The condition that one of them is going on: only those of the present are."""
        return and_(self.present, rule.in_state_sql(State.ACTIVE, self.now))

    @property
    def visible(self) -> ColumnElement[bool]:
        """The condition that one of them is visible: none is that has ended."""
        return and_(self.present, rule.is_visible_sql(self.now))

    def grouping(self, key: ColumnElement[Any]) -> ColumnElement[Any]:
        """A column to group the past by: in the order of an index only where that holds all the rest as well."""
        return key if self.is_covered else unindexed(key)

    def count(self) -> Select[Any]:
        """How many there are."""
        return select(_count(self.past) + _count(self.present))


def _count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return select(func.count()).select_from(session).where(condition).scalar_subquery()
