"""Agreement of filters in SQL and in memory."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select

from models.clock import HOUR, MINUTE
from models.enums import Kind
from models.tables import session
from models.tables.rows import Session
from resolvers.access import LOCAL_ADMIN
from resolvers.errors import BadUserInput
from resolvers.filters import Filter
from resolvers.filters.predicates import ended_column
from resolvers.sessions.queries import SessionSelection
from tests.factories import NOW, insert_rows, project_row, session_row
from tests.queries.strategies import FILTERS, SIMPLE_FILTERS, sessions

NOWS = st.integers(-8, 8).map(lambda steps: NOW + steps * 10 * MINUTE // 4)


def ids_found_by_sql(engine: Engine, rows: list[Session], session_filter: Filter, now: int = NOW) -> set[str]:
    """Return the ids that a filter selects, and assert that its parts for ended and live sessions add up to them."""
    selection = SessionSelection(LOCAL_ADMIN, session_filter, now)
    with engine.connect() as tx:
        insert_rows(tx, [project_row("p1"), project_row("p2"), *rows])
        found, past, in_passing, present, both = (
            tx.execute(select(session.c.id).where(condition)).scalars().all()
            for condition in (
                session_filter.sql(now),
                selection.ended,
                selection.ended_in_index_order,
                selection.live,
                selection.matching,
            )
        )
        total = tx.execute(selection.count()).scalar_one()
        tx.rollback()
    assert sorted(found) == sorted([*past, *present]) == sorted(both)
    assert sorted(past) == sorted(in_passing)
    assert total == len(found)
    return set(found)


@settings(max_examples=120, deadline=None)
@given(st.lists(sessions(), min_size=1, max_size=10), SIMPLE_FILTERS | FILTERS, st.booleans(), NOWS)
def test_sql_and_memory_match_same_sessions(
    engine: Engine, rows: list[Session], filter_: dict[str, Any], by_id: bool, now: int
) -> None:
    session_filter = Filter.parse(filter_ | ({"ids": [s.id for s in rows[::2]]} if by_id else {}))
    assert ids_found_by_sql(engine, rows, session_filter, now) == {s.id for s in rows if session_filter.matches(s, now)}


def matching_indices(engine: Engine, rows: list[Session], **filter_: Any) -> list[int]:
    """Return the indices of the sessions that a filter matches, in SQL and in memory."""
    session_filter = Filter.parse(filter_)
    found = [index for index, s in enumerate(rows) if session_filter.matches(s, NOW)]
    assert ids_found_by_sql(engine, rows, session_filter) == {rows[index].id for index in found}
    return found


def test_empty_filter_matches_all_and_empty_list_nothing(engine: Engine) -> None:
    rows = [session_row(kind) for kind in Kind]
    assert matching_indices(engine, rows) == [0, 1, 2, 3, 4]
    for name in ("ids", "kinds", "project_ids", "states", "subjects", "external_ids", "end_reasons"):
        assert matching_indices(engine, rows, **{name: []}) == []
    assert matching_indices(engine, rows, client={"languages": []}) == []


def test_path_prefix_compares_segments(engine: Engine) -> None:
    paths = [[], ["a"], ["a", "b"], ["ab"], ["a,b"], ['a","b'], ["[a,b]"], ["%"], ["ä", "b"], ["a\\"]]
    rows = [session_row(path=path) for path in paths]
    assert matching_indices(engine, rows, path_prefix=[]) == list(range(len(paths)))
    assert matching_indices(engine, rows, path_prefix=["a"]) == [1, 2]
    assert matching_indices(engine, rows, path_prefix=["a", "b"]) == [2]
    assert matching_indices(engine, rows, path_prefix=['a","b']) == [5]
    assert matching_indices(engine, rows, path_prefix=["%"]) == [7]
    assert matching_indices(engine, rows, path_prefix=["ä"]) == [8]
    assert matching_indices(engine, rows, path_prefix=["b"]) == []


def test_expired_session_matches_as_ended_before_sweep(engine: Engine) -> None:
    silent = session_row(started_at=NOW - 10 * MINUTE, last_seen_at=NOW - 5 * MINUTE, timeout_seconds=240)
    rows = [silent, session_row()]
    assert matching_indices(engine, rows, stopped_after=NOW - 2 * MINUTE) == [0]
    assert matching_indices(engine, rows, stopped_before=NOW) == [0]
    assert matching_indices(engine, rows, end_reasons=["EXPIRED"]) == [0]
    assert matching_indices(engine, rows, visible=False) == [0]
    assert matching_indices(engine, rows, active=False) == [0]


def test_session_ends_exactly_at_timeout(engine: Engine) -> None:
    rows = [session_row(started_at=NOW - HOUR, last_seen_at=NOW - 5 * MINUTE + late) for late in (0, 1)]
    assert matching_indices(engine, rows, states=["ENDED"]) == [0]
    assert matching_indices(engine, rows, stopped_after=NOW - 1) == [0]
    assert matching_indices(engine, rows, stopped_after=NOW) == []
    assert matching_indices(engine, rows, active=True) == matching_indices(engine, rows, visible=True) == [1]


def test_equal_filters_have_one_fingerprint() -> None:
    assert Filter.parse(None).fingerprint == Filter.parse({}).fingerprint == Filter.parse({"ids": None}).fingerprint
    one = Filter.parse({"kinds": [Kind.USER, "MEDIA", "MEDIA"], "active": True})
    other = Filter.parse({"active": True, "kinds": ["MEDIA", "USER"]})
    assert one.fingerprint == other.fingerprint
    different: list[dict[str, Any]] = [{"ids": []}, {"client": {}}, {"client": {"languages": []}}]
    different += [{"path_prefix": ["a", "b"]}, {"path_prefix": ["b", "a"]}]
    assert len({Filter.parse(filter_).fingerprint for filter_ in different}) == len(different)


@pytest.mark.parametrize(
    ("filter_", "message"),
    [
        ({"ids": ["x"] * 501}, "filter.ids: must have at most 500 items, not 501"),
        ({"client": {"device_ids": ["x"] * 501}}, "filter.client.deviceIds: must have at most 500 items, not 501"),
        ({"path_prefix": ["x"] * 501}, "filter.pathPrefix: must have at most 500"),
        ({"subjects": ["\ud800"]}, "lone surrogate"),
        ({"agenda": {"guides": [2**63]}}, "must be a number of at most 64 bits"),
    ],
)
def test_invalid_filter_value_is_rejected(filter_: dict[str, Any], message: str) -> None:
    with pytest.raises(BadUserInput, match=message):
        Filter.parse(filter_)


def test_unknown_filter_field_raises_key_error() -> None:
    with pytest.raises(KeyError):
        Filter.parse({"colour": "red"})


def test_ended_columns_include_those_of_filter_without_match() -> None:
    parsed = Filter.parse({"active": True, "subjects": ["a"], "seen_before": NOW})
    assert parsed.ended_columns == {"subject", ended_column("last_seen_at").name}
