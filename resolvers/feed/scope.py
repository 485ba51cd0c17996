"""Which sessions a stream is about: those of its caller's projects that its filter names."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_

from models.clock import Instant
from models.tables import activity
from models.tables.activity import Activity
from models.tables.session import Session
from resolvers.access import Caller
from resolvers.filters import Filter, project_condition
from resolvers.pagination import cursors
from resolvers.sessions.queries import SessionSelection


@dataclass(frozen=True, slots=True)
class SessionScope:
    """The sessions of a stream, as conditions and as predicates. The caller's projects come first in each."""

    caller: Caller
    filter: Filter

    @property
    def fingerprint(self) -> str:
        """Equal for streams about the same sessions, whoever asks."""
        project_ids = self.caller.project_ids
        return cursors.fingerprint(
            "feed", self.filter.fingerprint, None if project_ids is None else sorted(project_ids)
        )

    def sql(self, now: Instant) -> ColumnElement[bool]:
        """The condition that a row of the session table is among them now."""
        return SessionSelection(self.caller, self.filter, now).matching

    def contains(self, s: Session, now: Instant) -> bool:
        """Whether a session is among them now."""
        return self.caller.can_access(s.project_id) and self.filter.matches(s, now)

    def could_contain_sql(self) -> ColumnElement[bool]:
        """The condition that an entry of the log is of a session that can ever be among them."""
        return and_(project_condition(self.caller, activity.c.project_id), self.filter.could_match_sql())

    def could_contain(self, entry: Activity) -> bool:
        """Whether an entry of the log is of a session that can ever be among them."""
        return self.caller.can_access(entry.project_id) and self.filter.could_match(entry)


@dataclass(frozen=True, slots=True)
class ActivityScope:
    """The entries of the log that a stream is about: of some sessions, of some types or (null) of all."""

    sessions: SessionScope
    types: frozenset[str] | None

    def conditions(self, now: Instant) -> list[ColumnElement[bool]]:
        """The conditions on rows of the log; joined with their sessions where `needs_session`."""
        conditions = [self.sessions.could_contain_sql()]
        if self.types is not None:
            conditions.append(activity.c.type.in_(sorted(self.types)))
        return [*conditions, self.sessions.sql(now)] if self.needs_session else conditions

    @property
    def needs_session(self) -> bool:
        """Whether the session has to be looked at. What is gone is chosen only where the log alone can say so."""
        return not self.sessions.filter.answerable_from_log

    def contains(self, entry: Activity, s: Session | None, now: Instant) -> bool:
        """Whether an entry is among them, its session being as it is now (null: gone)."""
        if self.types is not None and entry.type not in self.types:
            return False
        if not self.needs_session:
            return self.sessions.could_contain(entry)
        return s is not None and self.sessions.contains(s, now)
