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
from resolvers.pagination.keyset import SortKey

DEFAULT_ORDER: Final = (("STARTED_AT", "DESC"),)
_NOT_ENDED: Final = 2**63 - 1
"""Where a session that has not ended stands in the order of ends: last."""


@dataclass(frozen=True, slots=True)
class Order:
    """One thing that sessions are sorted by."""

    key: SortKey[Session]
    ended: ColumnElement[Any]
    """What it is where the end is written down: the column that an index of those has."""
    live: ColumnElement[Any]
    """What it is in the other rows."""


def build_ordering(order_by: Sequence[tuple[str, str]], now: Instant, *, by_rank: bool) -> list[Order]:
    """What a list is sorted by, one thing after the other, ids last, so that there are no ties.

    Args:
        wanted: fields with their directions; at least one.
        now: the moment for which is asked.
        ranked: whether items of a programme are sorted by their rank, before their ids.

    Raises:
        BadUserInput: a field is named twice.
    """
    if len(order_by) != len({field for field, _ in order_by}):
        raise BadUserInput("orderBy names a field twice")
    ordering = [_ORDER_FIELDS[field](now, direction == "DESC") for field, direction in order_by]
    descending = order_by[-1][1] == "DESC"
    if by_rank:
        ordering.append(_plain_order(session.c.rank, lambda s: s.rank or 0.0, float, descending))
    return [*ordering, _plain_order(session.c.id, lambda s: s.id, str, descending)]


def _plain_order(
    column: ColumnElement[Any],
    value_of: Callable[[Session], Any],
    type_: type[int] | type[float] | type[str],
    descending: bool,
) -> Order:
    """What is the same in all rows."""
    return Order(SortKey(column, value_of, type_, descending), column, column)


def _by_started_at(_now: Instant, descending: bool) -> Order:
    return _plain_order(session.c.started_at, lambda s: s.started_at, int, descending)


def _by_created_at(_now: Instant, descending: bool) -> Order:
    return _plain_order(session.c.created_at, lambda s: s.created_at, int, descending)


def _by_last_seen_at(_now: Instant, descending: bool) -> Order:
    seen = session.c.last_seen_at
    return Order(SortKey(seen, lambda s: s.last_seen_at, int, descending), session.c.final_seen_at, seen)


def _by_ended_at(now: Instant, descending: bool) -> Order:
    def value_of(s: Session) -> Instant:
        end = session_rules.effective_end(s, now)
        return _NOT_ENDED if end is None else end

    live_end = case((session_rules.is_expired_sql(now), session.c.expires_at), else_=_NOT_ENDED)
    return Order(
        SortKey(coalesce(session.c.ended_at, live_end), value_of, int, descending), session.c.ended_at, live_end
    )


_ORDER_FIELDS: Final[dict[str, Callable[[Instant, bool], Order]]] = {
    "STARTED_AT": _by_started_at,
    "LAST_SEEN_AT": _by_last_seen_at,
    "ENDED_AT": _by_ended_at,
    "CREATED_AT": _by_created_at,
}
