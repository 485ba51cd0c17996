"""Agenda items of a guide, sorted by start and rank."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.clock import MINUTE
from models.database import Database
from models.enums import Kind
from models.tables.rows import Session
from resolvers.errors import BadUserInput
from resolvers.pagination.keyset import Page, PageArgs
from resolvers.sessions.service import list_sessions
from tests.api_client import ApiClient
from tests.factories import NOW, delete_all, insert, session_row
from tests.queries.operation_context import make_context

ITEMS = st.builds(
    lambda guide, start, rank: session_row(Kind.AGENDA, guide=guide, started_at=NOW + start * MINUTE, rank=float(rank)),
    st.sampled_from([1, 1, 1, 2]),
    st.sampled_from([-1, 0, 0, 1]),
    st.sampled_from([-1.5, -0.0, 0, 0.1, 0.1, 1e300]),
)


async def page_of(database: Database, direction: str, guides: list[int], **page: Any) -> Page[Session]:
    filter_ = {"agenda": {"guides": guides}}
    return await list_sessions(
        make_context(database), filter=filter_, order_by=[("STARTED_AT", direction)], page=PageArgs(**page)
    )


async def walk_pages(database: Database, direction: str, guides: list[int], step: int, *, backwards: bool) -> list[str]:
    """Return the ids of the agenda items, read page by page from one end."""
    pages: list[list[str]] = []
    size, cursor = ("last", "before") if backwards else ("first", "after")
    args: dict[str, Any] = {size: step}
    while True:
        page = await page_of(database, direction, guides, **args)
        pages.append([s.id for s in page.nodes])
        if not (page.has_previous_page if backwards else page.has_next_page):
            return [id_ for part in (pages[::-1] if backwards else pages) for id_ in part]
        args = {size: step, cursor: page.start_cursor if backwards else page.end_cursor}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(ITEMS, max_size=10), st.integers(1, 4), st.sampled_from(["ASC", "DESC"]), st.sampled_from([[1], [1, 2]])
)
async def test_agenda_pages_are_sorted_in_both_directions(
    database: Database, rows: list[Session], step: int, direction: str, guides: list[int]
) -> None:
    await delete_all(database)
    await insert(database, *rows)
    items = [s for s in rows if s.guide in guides]
    items.sort(key=lambda s: (s.started_at, s.rank, s.id), reverse=direction == "DESC")
    for backwards in (False, True):
        assert await walk_pages(database, direction, guides, step, backwards=backwards) == [s.id for s in items]


async def test_only_guide_filter_sorts_by_rank(database: Database) -> None:
    rows = [session_row(Kind.AGENDA, guide=1, started_at=NOW, rank=rank) for rank in (2.0, 1.0)]
    await insert(database, *rows)
    by_id = sorted(s.id for s in rows)
    filters: list[dict[str, Any]] = [{}, {"agenda": {}}, {"agenda": {"guides": [1]}, "user": {}}, {"kinds": ["AGENDA"]}]
    for filter_ in filters:
        page = await list_sessions(
            make_context(database), filter=filter_, order_by=[("STARTED_AT", "ASC")], page=PageArgs()
        )
        assert [s.id for s in page.nodes] == by_id
    assert [s.rank for s in (await page_of(database, "ASC", [1])).nodes] == [1.0, 2.0]


async def test_cursor_of_other_guide_or_order_is_rejected(database: Database) -> None:
    await insert(database, *(session_row(Kind.AGENDA, guide=1, started_at=NOW, rank=float(rank)) for rank in range(3)))
    cursor = (await page_of(database, "ASC", [1], first=1)).end_cursor
    for direction, guides in (("DESC", [1]), ("ASC", [2])):
        with pytest.raises(BadUserInput):
            await page_of(database, direction, guides, after=cursor)


async def test_updated_item_moves_in_agenda(api: ApiClient) -> None:
    ids = {}
    for name, rank in (("a", 1), ("b", 2.5), ("c", 2)):
        given_ = {"guide": 1, "name": name, "startTime": "2026-05-28T21:00:00Z", "rank": rank}
        ids[name] = (await api.start_session("agenda", given_))["id"]
    document = """{ sessions(filter: {agenda: {guides: [1]}}, orderBy: [{field: STARTED_AT, direction: ASC}]) {
        nodes { ... on AgendaSession { name } } } }"""

    async def names() -> str:
        return "".join(node["name"] for node in (await api.execute(document))["nodes"])

    assert await names() == "acb"
    await api.mutate("updateAgendaSession", {"id": ids["a"], "rank": 2.25})
    assert await names() == "cab"
    await api.mutate("updateAgendaSession", {"id": ids["b"], "startTime": "2026-05-28T20:59:59.999Z"})
    assert await names() == "bca"
