"""The orders that lists of sessions may have: what of a session they compare, in memory and in SQL."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, case
from sqlalchemy.sql.functions import coalesce

from models import session_rules
from models.clock import Instant
from models.tables import session
from models.tables.session import Session
from resolvers.errors import BadUserInput
from resolvers.pagination.keyset import Key

DEFAULT: Final = (("STARTED_AT", "DESC"),)
_NEVER: Final = 2**63 - 1
"""Where a session that has not ended stands in the order of ends: last."""


@dataclass(frozen=True, slots=True)
class Order:
    """One thing that sessions are sorted by."""

    key: Key[Session]
    past: ColumnElement[Any]
    """What it is where the end is written down: the column that an index of those has."""
    present: ColumnElement[Any]
    """What it is in the other rows."""


def orders(wanted: Sequence[tuple[str, str]], now: Instant, *, ranked: bool) -> list[Order]:
    """What a list is sorted by, one thing after the other, ids last, so that there are no ties.

    Args:
        wanted: fields with their directions; at least one.
        now: the moment for which is asked.
        ranked: whether items of a programme are sorted by their rank, before their ids.

    Raises:
        BadUserInput: a field is named twice.
    """
    if len(wanted) != len({field for field, _ in wanted}):
        raise BadUserInput("orderBy names a field twice")
    found = [_FIELDS[field](now, direction == "DESC") for field, direction in wanted]
    descending = wanted[-1][1] == "DESC"
    if ranked:
        found.append(_same(session.c.rank, lambda s: s.rank or 0.0, float, descending))
    return [*found, _same(session.c.id, lambda s: s.id, str, descending)]


def _same(
    column: ColumnElement[Any],
    of: Callable[[Session], Any],
    type_: type[int] | type[float] | type[str],
    descending: bool,
) -> Order:
    """What is the same in all rows."""
    return Order(Key(column, of, type_, descending), column, column)


def _started(_now: Instant, descending: bool) -> Order:
    return _same(session.c.started_at, lambda s: s.started_at, int, descending)


def _created(_now: Instant, descending: bool) -> Order:
    return _same(session.c.created_at, lambda s: s.created_at, int, descending)


def _seen(_now: Instant, descending: bool) -> Order:
    seen = session.c.last_seen_at
    return Order(Key(seen, lambda s: s.last_seen_at, int, descending), session.c.final_seen_at, seen)


def _ended(now: Instant, descending: bool) -> Order:
    def of(s: Session) -> Instant:
        end = session_rules.effective_end(s, now)
        return _NEVER if end is None else end

    lapsed = case((session_rules.has_lapsed_sql(now), session.c.expires_at), else_=_NEVER)
    return Order(Key(coalesce(session.c.ended_at, lapsed), of, int, descending), session.c.ended_at, lapsed)


_FIELDS: Final[dict[str, Callable[[Instant, bool], Order]]] = {
    "STARTED_AT": _started,
    "LAST_SEEN_AT": _seen,
    "ENDED_AT": _ended,
    "CREATED_AT": _created,
}
