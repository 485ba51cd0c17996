"""Scope of a subscription: the sessions of the caller's projects that its filter matches."""

from dataclasses import dataclass

from models.clock import Instant
from models.tables.activity import Activity
from models.tables.session import Session
from resolvers.access import Caller
from resolvers.filters import Filter
from resolvers.pagination import cursors


@dataclass(frozen=True, slots=True)
class SessionScope:
    """Sessions that a stream is about. Access to projects is checked first."""

    caller: Caller
    filter: Filter

    @property
    def fingerprint(self) -> str:
        """Equal for scopes with the same sessions, whatever the caller's name."""
        project_ids = self.caller.project_ids
        return cursors.fingerprint(
            "feed", self.filter.fingerprint, None if project_ids is None else sorted(project_ids)
        )

    def contains(self, s: Session, now: Instant) -> bool:
        return self.caller.can_access(s.project_id) and self.filter.matches(s, now)

    def could_contain(self, entry: Activity) -> bool:
        """Check by the entry alone whether its session could ever be in the scope."""
        return self.caller.can_access(entry.project_id) and self.filter.could_match(entry)


@dataclass(frozen=True, slots=True)
class ActivityScope:
    """Log entries that a stream is about: those of some sessions."""

    sessions: SessionScope
    types: frozenset[str] | None
    """Null: all."""

    @property
    def needs_session(self) -> bool:
        """Whether the filter needs the session row. If not, entries of deleted sessions match as well."""
        return not self.sessions.filter.answerable_from_log

    def contains(self, entry: Activity, s: Session | None, now: Instant) -> bool:
        """Check an entry of a session that is `s` now (null: deleted)."""
        if self.types is not None and entry.type not in self.types:
            return False
        if not self.needs_session:
            return self.sessions.could_contain(entry)
        return s is not None and self.sessions.contains(s, now)
