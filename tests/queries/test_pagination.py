"""Pages of sessions in every order and both directions."""

from functools import cmp_to_key
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models import session_rules
from models.clock import MINUTE
from models.database import Database
from models.enums import Kind
from models.tables.rows import Session
from resolvers.errors import BadUserInput, Forbidden
from resolvers.filters import Filter
from resolvers.pagination.keyset import Page, PageArgs
from resolvers.sessions.service import get_session, list_sessions
from tests.factories import NOW, delete_all, insert, project_row, session_row
from tests.queries.operation_context import ADMIN, READER, WRITER, make_context
from tests.queries.strategies import SIMPLE_FILTERS, sessions
from tests.statements import capture_statements

FIELDS = ["STARTED_AT", "LAST_SEEN_AT", "ENDED_AT", "CREATED_AT"]
ORDERS = st.lists(st.tuples(st.sampled_from(FIELDS), st.sampled_from(["ASC", "DESC"])), unique_by=lambda o: o[0])
Order = list[tuple[str, str]]


async def page_of(
    database: Database, order: Order, filter_: dict[str, Any] | None = None, **page: Any
) -> Page[Session]:
    return await list_sessions(make_context(database), filter=filter_, order_by=order, page=PageArgs(**page))


def in_order(rows: list[Session], order: Order) -> list[str]:
    """Return the ids in an order, compared pair by pair."""

    def value(s: Session, field: str) -> Any:
        if field != "ENDED_AT":
            return getattr(s, field.lower())
        end = session_rules.effective_end(s, NOW)
        return float("inf") if end is None else end

    def compare(one: Session, other: Session) -> int:
        for field, direction in order or [("STARTED_AT", "DESC")]:
            a, b = value(one, field), value(other, field)
            if a != b:
                return (1 if a > b else -1) * (1 if direction == "ASC" else -1)
        last = order[-1][1] if order else "DESC"
        return (1 if one.id > other.id else -1) * (1 if last == "ASC" else -1)

    return [s.id for s in sorted(rows, key=cmp_to_key(compare))]


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(sessions(), max_size=12), ORDERS, st.just({}) | SIMPLE_FILTERS, st.integers(1, 5))
async def test_pages_in_both_directions_equal_sorted_list(
    database: Database, rows: list[Session], order: Order, filter_: dict[str, Any], step: int
) -> None:
    await delete_all(database)
    await insert(database, project_row("p1"), project_row("p2"), *rows)
    found = [s for s in rows if Filter.parse(filter_).matches(s, NOW)]
    expected = in_order(found, order)

    seen: list[str] = []
    page = await page_of(database, order, filter_, first=step)
    while True:
        assert page.has_previous_page == bool(seen)
        seen += [s.id for s in page.nodes]
        assert page.has_next_page == (len(seen) < len(expected))
        if not page.has_next_page:
            break
        page = await page_of(database, order, filter_, first=step, after=page.end_cursor)
    assert seen == expected

    back: list[str] = []
    page = await page_of(database, order, filter_, last=step)
    while True:
        assert page.has_next_page == bool(back)
        back = [s.id for s in page.nodes] + back
        assert page.has_previous_page == (len(back) < len(expected))
        if not page.has_previous_page:
            break
        page = await page_of(database, order, filter_, last=step, before=page.start_cursor)
    assert back == expected
    assert await page.total_count() == len(found)


@pytest.fixture
async def five(database: Database) -> list[Session]:
    """Store five sessions and return them, newest first."""
    rows = [session_row(started_at=NOW - age * MINUTE) for age in range(5)]
    await insert(database, *rows)
    return rows


def positions(page: Page[Session], rows: list[Session]) -> list[int]:
    """Return the indices of a page's sessions."""
    ids = [s.id for s in rows]
    return [ids.index(s.id) for s in page.nodes]


async def test_page_is_one_statement_and_count_another(database: Database, five: list[Session]) -> None:
    with capture_statements(database) as statements:
        page = await page_of(database, [], first=3)
        assert len(statements) == 1
        assert await page.total_count() == len(five)
        assert len(statements) == 2
        await page_of(database, [], first=3, after=page.end_cursor)
    assert len(statements) == 4, "the page, and whether there are rows before it"


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        ({"offset": 1, "first": 2}, ([1, 2], True, True)),
        ({"offset": 3}, ([3, 4], True, False)),
        ({"offset": 9}, ([], True, False)),
        ({"offset": 1, "last": 2}, ([2, 3], True, True)),
        ({"after": 0, "before": 4}, ([1, 2, 3], True, True)),
        ({"after": 0, "before": 4, "first": 1}, ([1], True, True)),
        ({"before": 2}, ([0, 1], False, True)),
    ],
    ids=str,
)
async def test_offset_and_cursors_bound_page(
    database: Database, five: list[Session], args: dict[str, Any], expected: tuple[list[int], bool, bool]
) -> None:
    edges = (await page_of(database, [])).edges
    cursors = {name: edges[args[name]].cursor for name in ("after", "before") if name in args}
    page = await page_of(database, [], **(args | cursors))
    assert (positions(page, five), page.has_previous_page, page.has_next_page) == expected


async def test_empty_page_has_no_cursors(database: Database) -> None:
    await insert(database, session_row())
    page = await page_of(database, [], {"ids": []}, offset=9)
    assert (page.has_previous_page, page.start_cursor, page.end_cursor) == (False, None, None)


async def test_cursor_is_stable_under_inserts_and_deletes(database: Database, five: list[Session]) -> None:
    page = await page_of(database, [], first=2)
    await insert(database, session_row(started_at=NOW + 1))
    page = await page_of(database, [], first=2, after=page.end_cursor)
    assert positions(page, five) == [2, 3]


@pytest.mark.parametrize(
    ("page", "message"),
    [
        ({"first": 0}, "first: must be 1 to 500, not 0"),
        ({"first": -1}, "first: must be"),
        ({"first": 501}, "first: must be"),
        ({"last": 99_999_999}, "last: must be"),
        ({"first": 1, "last": 1}, "last: must not be set with first"),
        ({"offset": -1}, "offset: must be 0 to 10000"),
        ({"offset": 10_001}, "offset: must be"),
        ({"offset": 0, "after": "x"}, "offset: must not be set with a cursor"),
    ],
)
async def test_invalid_page_arguments_are_rejected(database: Database, page: dict[str, Any], message: str) -> None:
    with pytest.raises(BadUserInput, match=message):
        await page_of(database, [], **page)


async def test_order_rejects_repeated_field(database: Database) -> None:
    with pytest.raises(BadUserInput, match="twice"):
        await page_of(database, [("STARTED_AT", "ASC"), ("STARTED_AT", "DESC")])


async def test_sessions_of_other_projects_are_not_found(database: Database) -> None:
    mine, other = session_row(project_id="p1"), session_row(Kind.FIELD, project_id="p2")
    await insert(database, mine, other)
    context = make_context(database, READER)
    page = await list_sessions(context, filter={"ids": [mine.id, other.id]}, order_by=[], page=PageArgs())
    assert [s.id for s in page.nodes] == [mine.id]
    assert await page.total_count() == 1
    assert await get_session(context, other.id) is None


async def test_write_scope_reads_by_id_and_admin_scope_not_at_all(database: Database) -> None:
    await insert(database, s := session_row())
    assert await get_session(make_context(database, WRITER), s.id) == s
    for caller in (WRITER, ADMIN):
        with pytest.raises(Forbidden):
            await list_sessions(make_context(database, caller), filter=None, order_by=[], page=PageArgs())
    with pytest.raises(Forbidden):
        await get_session(make_context(database, ADMIN), s.id)
