"""Query plans of sorted lists: one page of ended sessions from an index, and all live ones."""

from typing import Any, Final

import pytest

from models.clock import DAY
from models.database import Database
from resolvers.access import LOCAL_ADMIN, Caller
from resolvers.pagination.keyset import PageArgs
from resolvers.sessions.service import list_sessions
from tests.factories import NOW
from tests.queries.operation_context import READER, make_context
from tests.queries.query_plans import explain, session_steps

INDEXES: Final = {
    "ENDED_AT": "ix_session_ended",
    "LAST_SEEN_AT": "ix_session_past_seen",
    "CREATED_AT": "ix_session_past_created",
}
ID_LOOKUP: Final = "SEARCH session USING INDEX sqlite_autoindex_session_1 (id=?)"
LIVE_SCAN: Final = "SCAN session USING INDEX ix_session_live"
SORT_STEP: Final = "USE TEMP B-TREE FOR ORDER BY"
LARGE_FILTERS: Final[list[dict[str, Any]]] = [
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


async def explain_ordered(database: Database, field: str, filter_: dict[str, Any], **args: Any) -> list[str]:
    caller = args.pop("caller", LOCAL_ADMIN)
    order = [(field, args.pop("direction", "DESC"))]
    query = list_sessions(make_context(database, caller), filter=filter_, order_by=order, page=PageArgs(**args))
    return await explain(database, query)


def merge_branches(plan: list[str]) -> tuple[list[str], list[str]]:
    """Return the steps of the two merged segments, ended and live."""
    left, right = plan.index("LEFT"), plan.index("RIGHT")
    return plan[left + 1 : right], plan[right + 1 :]


@pytest.mark.parametrize("caller", [LOCAL_ADMIN, READER], ids=["local", "reader"])
@pytest.mark.parametrize("direction", ["ASC", "DESC"])
@pytest.mark.parametrize("filter_", LARGE_FILTERS, ids=str)
@pytest.mark.parametrize("field", INDEXES)
async def test_ended_sessions_are_read_in_index_order(
    filled: Database, field: str, filter_: dict[str, Any], direction: str, caller: Caller
) -> None:
    plan = await explain_ordered(filled, field, filter_, direction=direction, caller=caller)
    assert plan[0] == ID_LOOKUP
    past, _ = merge_branches(plan)
    (read,) = session_steps(past)
    assert INDEXES[field] in read
    assert SORT_STEP not in past


@pytest.mark.parametrize("field", INDEXES)
async def test_later_page_starts_at_cursor_in_index(filled: Database, field: str) -> None:
    first = await list_sessions(
        make_context(filled), filter=None, order_by=[(field, "DESC")], page=PageArgs(offset=1500)
    )
    plan = await explain_ordered(filled, field, {}, after=first.end_cursor)
    past, _ = merge_branches(plan)
    (read,) = session_steps(past)
    assert read.startswith(f"SEARCH session USING INDEX {INDEXES[field]} (")


@pytest.mark.parametrize("field", INDEXES)
async def test_live_sessions_are_sorted_without_ended_ones(filled: Database, field: str) -> None:
    plan = await explain_ordered(filled, field, {"active": True})
    is_indexed = field == "LAST_SEEN_AT"
    assert session_steps(plan) == [ID_LOOKUP, f"{LIVE_SCAN}_seen" if is_indexed else LIVE_SCAN]
    assert plan.count(SORT_STEP) == (1 if is_indexed else 2)  # the page, and otherwise all that are live


@pytest.mark.parametrize("field", INDEXES)
async def test_selective_filter_is_looked_up_in_any_order(filled: Database, field: str) -> None:
    plan = await explain_ordered(filled, field, {"subjects": ["a"]})
    assert all("subject (subject=?)" in step for step in session_steps(plan) if step != ID_LOOKUP)
