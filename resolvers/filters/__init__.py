"""Filters of sessions: one definition that answers in SQL and of a row in memory, always the same.

Filters are ANDed; values inside one list are ORed; an empty list matches nothing, what is null is not given.
Naming a kind's filter asks for that kind, and two kinds' filters together are ORed.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Any, Final, Self, TypeAlias

from sqlalchemy import ColumnElement, False_, and_, or_, true

from models.clock import Instant
from models.tables import activity
from models.tables.activity import Activity
from models.tables.session import Session
from resolvers.filters.fields import Column, Columns, Term, laid_down
from resolvers.filters.normalize import plain
from resolvers.filters.operators import Each, OneOf, Operator
from resolvers.filters.registry import BY_KIND, COMMON, Names
from resolvers.pagination import cursors

_OF_ACTIVITY: Final = {"id": activity.c.session_id, "kind": activity.c.kind, "project_id": activity.c.project_id}
"""What an activity itself says of its session."""
_ID: Final = Column("id")
_GUIDE: Final = Column("guide")


@dataclass(frozen=True, slots=True)
class Test:
    """One question about one thing."""

    term: Term
    operator: Operator


Lasting: TypeAlias = tuple[tuple[str, Operator], ...]
"""What is asked of that which never changes of a session, with the names of the columns."""


@dataclass(frozen=True)
class Filter:
    """A filter that was given. `Filter.parse(None)` matches everything."""

    names: frozenset[str]
    """What it names, as `SessionFilter` does, in snake case."""
    fingerprint: str
    """Equal for filters that say the same, whatever the order of their names and values."""
    tests: tuple[Test, ...]
    """All of these hold."""
    kinds: tuple[tuple[Test, ...], ...]
    """Of these groups one holds, where there are any."""

    @classmethod
    def parse(cls, given: Mapping[str, Any] | None) -> Self:
        """The filter that a client gives, by the names of `SessionFilter` in snake case.

        Raises:
            BadUserInput: a list has more than 500 values, or a value is none that can be stored.
        """
        values = plain(given or {})
        return cls(
            names=frozenset(values),
            fingerprint=cursors.tag(values),
            tests=tuple(_tests(COMMON, values)),
            kinds=tuple(
                (Test(Column("kind"), OneOf((kind.value,))), *_tests(names, values[group]))
                for group, (kind, names) in BY_KIND.items()
                if group in values
            ),
        )

    def sql(self, now: Instant) -> ColumnElement[bool]:
        """The condition that a row of the session table matches."""
        return self._condition(lambda test: test.term.sql(test.operator, now))

    def past_sql(self, columns: Columns = laid_down) -> ColumnElement[bool]:
        """The same of a row whose end is written down: in words that indexes answer without the row.

        It may be asked of other columns that hold what the `past_columns` do.
        """
        return self._condition(lambda test: test.term.past_sql(test.operator, columns))

    @cached_property
    def past_columns(self) -> frozenset[str]:
        """The columns of a session whose end is written down that it asks of."""
        return frozenset().union(*(test.term.past_columns for test in chain(self.tests, *self.kinds)))

    def present_sql(self, now: Instant) -> ColumnElement[bool]:
        """The same of any other row."""
        return self._condition(lambda test: test.term.present_sql(test.operator, now))

    def matches(self, s: Session, now: Instant) -> bool:
        """Whether a session matches."""
        return _matches(self.tests, s, now) and (not self.kinds or any(_matches(group, s, now) for group in self.kinds))

    @cached_property
    def is_of_present(self) -> bool:
        """Whether no session whose end is written down can match."""
        alike = (test for test in self.tests if not test.term.past_columns)
        return any(isinstance(test.term.past_sql(test.operator), False_) for test in alike)

    def _condition(self, of_one: Callable[[Test], ColumnElement[bool]]) -> ColumnElement[bool]:
        groups = [and_(true(), *map(of_one, group)) for group in self.kinds]
        return and_(true(), *map(of_one, self.tests), or_(*groups) if groups else true())

    @cached_property
    def is_of_log(self) -> bool:
        """Whether the log alone can say what matches, without the session, which may be gone."""
        return not self.kinds and len(_lasting(self.tests)) == len(self.tests)

    @property
    def is_of_guides(self) -> bool:
        """Whether only items of guides that it names can match."""
        return len(self.kinds) == 1 and any(test.term == _GUIDE for test in self.kinds[0])

    @property
    def ids(self) -> frozenset[str] | None:
        """The only sessions that can match, where it names ids."""
        named = [test.operator.values for test in self.tests if test.term == _ID and isinstance(test.operator, OneOf)]
        return frozenset(named[0]) if named else None

    def of_activity(self) -> ColumnElement[bool] | None:
        """The condition on the log alone, without the session; null where that can't be said."""
        return self.may_match_sql() if self.is_of_log else None

    def may_match(self, entry: Activity) -> bool:
        """Whether the session of an entry of the log can match, ever: by its id, kind and project, which stay."""
        every, groups = self._lasting
        return _may(every, entry) and (not groups or any(_may(group, entry) for group in groups))

    def may_match_sql(self) -> ColumnElement[bool]:
        """The same as a condition on a row of the log."""
        every, groups = self._lasting
        return and_(_may_sql(every), or_(*map(_may_sql, groups)) if groups else true())

    @cached_property
    def _lasting(self) -> tuple[Lasting, tuple[Lasting, ...]]:
        return _lasting(self.tests), tuple(map(_lasting, self.kinds))


def _tests(names: Names, values: Mapping[str, Any]) -> list[Test]:
    if unknown := values.keys() - names.keys() - BY_KIND.keys():
        raise KeyError(f"no such filters: {sorted(unknown)}")
    asked: dict[Term, list[Operator]] = {}
    for name, declared in names.items():
        if name in values:
            asked.setdefault(declared.term, []).append(declared.operator(values[name]))
    # What is asked of one thing is asked of it together, so that two bounds make one range.
    tests = [Test(term, one if not others else Each((one, *others))) for term, (one, *others) in asked.items()]
    # Columns first: in memory, most sessions fail there, and what follows from the clock need not be worked out.
    return sorted(tests, key=lambda test: not isinstance(test.term, Column))


def _lasting(tests: Sequence[Test]) -> Lasting:
    return tuple(
        (test.term.name, test.operator)
        for test in tests
        if isinstance(test.term, Column) and test.term.name in _OF_ACTIVITY
    )


def _may(lasting: Lasting, entry: Activity) -> bool:
    return all(operator.holds(getattr(entry, _OF_ACTIVITY[name].key)) for name, operator in lasting)


def _may_sql(lasting: Lasting) -> ColumnElement[bool]:
    return and_(true(), *(operator.sql(_OF_ACTIVITY[name]) for name, operator in lasting))


def _matches(tests: Sequence[Test], s: Session, now: Instant) -> bool:
    return all(test.term.holds(test.operator, s, now) for test in tests)
