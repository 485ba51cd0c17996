"""Which sessions a stream is about: those of its caller's projects that its filter names."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_

from models.clock import Instant
from models.tables import activity
from models.tables.activity import Activity
from models.tables.session import Session
from resolvers.access import Caller, in_reach
from resolvers.filters import Filter
from resolvers.pagination import cursors
from resolvers.sessions.live_and_ended import Halves


@dataclass(frozen=True, slots=True)
class Chosen:
    """The sessions of a stream, as conditions and as predicates. The caller's projects come first in each."""

    viewer: Caller
    filter: Filter

    @property
    def fingerprint(self) -> str:
        """Equal for streams about the same sessions, whoever asks."""
        reach = self.viewer.project_ids
        return cursors.tag("feed", self.filter.fingerprint, None if reach is None else sorted(reach))

    def sql(self, now: Instant) -> ColumnElement[bool]:
        """The condition that a row of the session table is among them now."""
        return Halves(self.viewer, self.filter, now).both

    def has(self, s: Session, now: Instant) -> bool:
        """Whether a session is among them now."""
        return self.viewer.reaches(s.project_id) and self.filter.matches(s, now)

    def may_have_sql(self) -> ColumnElement[bool]:
        """The condition that an entry of the log is of a session that can ever be among them."""
        return and_(in_reach(self.viewer, activity.c.project_id), self.filter.may_match_sql())

    def may_have(self, entry: Activity) -> bool:
        """Whether an entry of the log is of a session that can ever be among them."""
        return self.viewer.reaches(entry.project_id) and self.filter.may_match(entry)


@dataclass(frozen=True, slots=True)
class ChosenEntries:
    """The entries of the log that a stream is about: of some sessions, of some types or (null) of all."""

    sessions: Chosen
    types: frozenset[str] | None

    def sql(self, now: Instant) -> list[ColumnElement[bool]]:
        """The conditions on rows of the log; joined with their sessions where `needs_session`."""
        conditions = [self.sessions.may_have_sql()]
        if self.types is not None:
            conditions.append(activity.c.type.in_(sorted(self.types)))
        return [*conditions, self.sessions.sql(now)] if self.needs_session else conditions

    @property
    def needs_session(self) -> bool:
        """Whether the session has to be looked at. What is gone is chosen only where the log alone can say so."""
        return not self.sessions.filter.is_of_log

    def has(self, entry: Activity, s: Session | None, now: Instant) -> bool:
        """Whether an entry is among them, its session being as it is now (null: gone)."""
        if self.types is not None and entry.type not in self.types:
            return False
        if not self.needs_session:
            return self.sessions.may_have(entry)
        return s is not None and self.sessions.has(s, now)
