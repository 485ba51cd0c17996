"""Validation of cursors."""

import json
from base64 import b64decode, urlsafe_b64encode
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.database import Database
from resolvers.activities.service import list_activities, session_activities
from resolvers.errors import BadUserInput
from resolvers.pagination import cursors
from resolvers.pagination.keyset import PageArgs
from resolvers.projects.service import list_projects
from resolvers.sessions.service import list_sessions
from tests.factories import activity_row, insert, session_row
from tests.queries.operation_context import make_context

DEFAULT = [("STARTED_AT", "DESC")]
FILTER: dict[str, Any] = {"kinds": ["USER"]}


def forge_cursor(value: Any) -> str:
    """Encode any value like a cursor."""
    return urlsafe_b64encode(value if isinstance(value, bytes) else json.dumps(value).encode()).rstrip(b"=").decode()


async def session_cursor(database: Database) -> str:
    """Return a valid cursor of the default order with the filter `FILTER`."""
    await insert(database, session_row(), session_row())
    page = await list_sessions(make_context(database), filter=FILTER, order_by=[], page=PageArgs(first=1))
    assert page.end_cursor is not None
    return page.end_cursor


async def assert_refused(database: Database, cursor: str, order: list[tuple[str, str]] | None = None) -> None:
    """Assert that the list with the filter `FILTER` rejects it as `after` and as `before`."""
    for page in (PageArgs(after=cursor), PageArgs(before=cursor)):
        with pytest.raises(BadUserInput, match="is not a cursor of this list"):
            await list_sessions(make_context(database), filter=FILTER, order_by=order or [], page=page)


@pytest.mark.parametrize(
    "cursor",
    [
        *["", "x", "garbage", "=", "====", "ä", "\ud800", "\0", " ", "a" * 1_000_000, forge_cursor(b"\xff\xfe")],
        *[forge_cursor(b"NaN"), forge_cursor(b"[" * 300), forge_cursor(1), forge_cursor({}), forge_cursor([])],
        *[forge_cursor("x")],
    ],
)
async def test_malformed_cursor_is_rejected(database: Database, cursor: str) -> None:
    await assert_refused(database, cursor)


@pytest.mark.parametrize(
    "values",
    [
        *[[], [1], ["x", "x"], [1, 2], [1, "x", 3], [True, "x"], [None, "x"], [1.5, "x"], [float("nan"), "x"]],
        *[[2**63, "x"], [2**64, "x"], [-(2**63) - 1, "x"], [10**300, "x"], [[1], "x"], [1, {"x": 1}]],
        *[[1, "\ud800"]],
    ],
)
async def test_forged_values_with_valid_list_id_are_rejected(database: Database, values: list[Any]) -> None:
    good = await session_cursor(database)
    list_id = json.loads(b64decode(good + "=" * (-len(good) % 4), altchars=b"-_"))[0]
    await assert_refused(database, forge_cursor([list_id, *values]))


async def test_cursor_is_bound_to_order_filter_and_list(database: Database) -> None:
    cursor = await session_cursor(database)
    await list_sessions(make_context(database), filter=FILTER, order_by=DEFAULT, page=PageArgs(after=cursor))
    await assert_refused(database, cursor, [("STARTED_AT", "ASC")])
    await assert_refused(database, cursor, [*DEFAULT, ("CREATED_AT", "DESC")])
    others: list[dict[str, Any]] = [{}, {"kinds": ["USER", "MEDIA"]}, {"user": {}}]
    for other in others:
        with pytest.raises(BadUserInput):
            await list_sessions(make_context(database), filter=other, order_by=[], page=PageArgs(after=cursor))
    with pytest.raises(BadUserInput):
        await list_projects(make_context(database), PageArgs(after=cursor))
    with pytest.raises(BadUserInput):
        await list_activities(make_context(database), filter=FILTER, types=None, page=PageArgs(after=cursor))


async def test_cursor_of_other_database_is_rejected(database: Database) -> None:
    await insert(database, rows := session_row(), activity_row(rows))
    foreign = cursors.encode("d_" + "x" * 22, (1,))
    for page in (PageArgs(after=foreign), PageArgs(before=foreign)):
        with pytest.raises(BadUserInput):
            await list_activities(make_context(database), filter=None, types=None, page=page)
        with pytest.raises(BadUserInput):
            await session_activities(make_context(database), rows.id, types=None, page=page)


@given(st.text() | st.binary().map(forge_cursor) | st.recursive(st.none() | st.integers(), st.lists).map(forge_cursor))
def test_decoding_arbitrary_text_returns_none(cursor: str) -> None:
    assert cursors.decode(cursor, "list", [int, str]) is None


@given(st.integers(-(2**63), 2**63 - 1), st.text(st.characters(codec="utf-8"), max_size=30))
def test_cursor_round_trips(number: int, name: str) -> None:
    assert cursors.decode(cursors.encode("list", (number, name)), "list", [int, str]) == (number, name)
