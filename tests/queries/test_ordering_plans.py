"""Lists in any order read as many rows as a page has of what has ended, and those that go on."""

from typing import Any, Final

import pytest

from models.clock import DAY
from models.database import Database
from resolvers.access import LOCAL_ADMIN, Caller
from resolvers.pagination.page import PageArgs
from resolvers.sessions.service import list_sessions
from tests.factories import NOW
from tests.queries.operation_context import READER, context
from tests.queries.query_plans import on_sessions, plan_of

INDEXES: Final = {
    "ENDED_AT": "ix_session_ended",
    "LAST_SEEN_AT": "ix_session_past_seen",
    "CREATED_AT": "ix_session_past_created",
}
BY_ID: Final = "SEARCH session USING INDEX sqlite_autoindex_session_1 (id=?)"
LIVE: Final = "SCAN session USING INDEX ix_session_live"
SORTED: Final = "USE TEMP B-TREE FOR ORDER BY"
MANY: Final[list[dict[str, Any]]] = [
    {},
    {"project_ids": ["p1"]},
    {"kinds": ["USER"]},
    {"project_ids": ["p1", "p2"], "kinds": ["USER", "CLIENT"]},
    {"states": ["ENDED"]},
    {"active": False},
    {"end_reasons": ["STALLED"]},
    {"started_after": NOW - 90 * DAY},
    {"client": {"languages": ["fr"]}},
]


async def plan_in_order(database: Database, field: str, names: dict[str, Any], **asked: Any) -> list[str]:
    """How a page in an order, and the one after it, are read."""
    caller = asked.pop("caller", LOCAL_ADMIN)
    order = [(field, asked.pop("direction", "DESC"))]
    question = list_sessions(context(database, caller), filter=names, order=order, page=PageArgs(**asked))
    return await plan_of(database, question)


def merged(plan: list[str]) -> tuple[list[str], list[str]]:
    """The steps for the two parts that are merged: of what has ended, and of the rest."""
    left, right = plan.index("LEFT"), plan.index("RIGHT")
    return plan[left + 1 : right], plan[right + 1 :]


@pytest.mark.parametrize("caller", [LOCAL_ADMIN, READER], ids=["local", "reader"])
@pytest.mark.parametrize("direction", ["ASC", "DESC"])
@pytest.mark.parametrize("names", MANY, ids=str)
@pytest.mark.parametrize("field", INDEXES)
async def test_what_has_ended_is_read_in_the_order_of_an_index(
    filled: Database, field: str, names: dict[str, Any], direction: str, caller: Caller
) -> None:
    plan = await plan_in_order(filled, field, names, direction=direction, caller=caller)
    assert plan[0] == BY_ID
    past, _ = merged(plan)
    (read,) = on_sessions(past)
    assert INDEXES[field] in read
    assert SORTED not in past


@pytest.mark.parametrize("field", INDEXES)
async def test_a_later_page_begins_at_its_cursor_in_the_index(filled: Database, field: str) -> None:
    first = await list_sessions(context(filled), filter=None, order=[(field, "DESC")], page=PageArgs(offset=1500))
    plan = await plan_in_order(filled, field, {}, after=first.end_cursor)
    past, _ = merged(plan)
    (read,) = on_sessions(past)
    assert read.startswith(f"SEARCH session USING INDEX {INDEXES[field]} (")


@pytest.mark.parametrize("field", INDEXES)
async def test_what_goes_on_is_sorted_without_a_look_at_the_past(filled: Database, field: str) -> None:
    plan = await plan_in_order(filled, field, {"active": True})
    assert on_sessions(plan) == [BY_ID, LIVE]


@pytest.mark.parametrize("field", INDEXES)
async def test_what_few_sessions_have_leads_in_any_order(filled: Database, field: str) -> None:
    plan = await plan_in_order(filled, field, {"subjects": ["a"]})
    assert all("subject (subject=?)" in step for step in on_sessions(plan) if step != BY_ID)
