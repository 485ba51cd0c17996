"""What a filter asks about: values of a session, in SQL over the table and in Python of a row.

What follows from the row and the clock is taken from the live rule, in both forms.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import ColumnElement, and_, false, not_, or_, select

from models import rule
from models.clock import Instant
from models.tables import session, session_track
from models.tables.session import Session
from models.words import State
from resolvers.filters.operators import Operator


class Term(Protocol):
    """Something about a session that an operator can be asked of."""

    def sql(self, test: Operator, now: Instant) -> ColumnElement[bool]:
        """The condition that a row passes the test."""

    def holds(self, test: Operator, s: Session, now: Instant) -> bool:
        """Whether this session passes it."""


@dataclass(frozen=True)
class Column:
    """What a column holds."""

    name: str

    def sql(self, test: Operator, now: Instant) -> ColumnElement[bool]:  # noqa: ARG002 - a column holds what it holds
        return test.sql(session.c[self.name])

    def holds(self, test: Operator, s: Session, now: Instant) -> bool:  # noqa: ARG002 - the same
        return test.holds(getattr(s, self.name))


@dataclass(frozen=True)
class OnceEnded:
    """What a column says of the end, or another one where time has ended it and that is not yet written down.

    Asked of each column by itself, so that the index of each serves.
    """

    written: str
    lapsed: str
    of: Callable[[Session, Instant], Any]

    def sql(self, test: Operator, now: Instant) -> ColumnElement[bool]:
        lapsed = and_(rule.has_lapsed_sql(now), test.sql(session.c[self.lapsed]))
        return or_(test.sql(session.c[self.written]), lapsed)

    def holds(self, test: Operator, s: Session, now: Instant) -> bool:
        return test.holds(self.of(s, now))


class LiveState:
    """The state: a few words, so that SQL names those that pass."""

    def sql(self, test: Operator, now: Instant) -> ColumnElement[bool]:
        return or_(false(), *(rule.in_state_sql(state, now) for state in State if test.holds(state)))

    def holds(self, test: Operator, s: Session, now: Instant) -> bool:
        return test.holds(rule.state(s, now))


class Visible:
    """Whether it is visible now."""

    def sql(self, test: Operator, now: Instant) -> ColumnElement[bool]:
        visible = rule.is_visible_sql(now)
        return or_(false(), *(visible if value else not_(visible) for value in (True, False) if test.holds(value)))

    def holds(self, test: Operator, s: Session, now: Instant) -> bool:
        return test.holds(rule.is_visible(s, now))


class Tracks:
    """The tracks of an AGENDA session: one that passes is enough."""

    def sql(self, test: Operator, now: Instant) -> ColumnElement[bool]:  # noqa: ARG002 - tracks know no time
        return session.c.id.in_(select(session_track.c.session_id).where(test.sql(session_track.c.track)))

    def holds(self, test: Operator, s: Session, now: Instant) -> bool:  # noqa: ARG002 - the same
        return any(test.holds(track) for track in s.details.get("schedule_tracks", ()))


LIVE_STATE = LiveState()
END = OnceEnded("ended_at", "expires_at", rule.effective_end)
END_REASON = OnceEnded("end_reason", "expiry_reason", rule.end_reason)
