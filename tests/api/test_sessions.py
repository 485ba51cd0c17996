"""sessions: order, pages, offset, totalCount."""

from typing import Any

import pytest

from tests.api.session_inputs import start_one_of_each_kind
from tests.api_client import ApiClient

PAGE = """query($first: Int, $after: String, $last: Int, $before: String, $offset: Int, $order: [SessionOrder!]) {
    sessions(first: $first, after: $after, last: $last, before: $before, offset: $offset, orderBy: $order) {
        nodes { id } edges { cursor node { id } }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor } %s } }"""


async def read_page(api: ApiClient, *, counted: bool = False, **arguments: Any) -> dict[str, Any]:
    """Read a page, and check that nodes, edges and cursors agree."""
    found: dict[str, Any] = await api.execute(PAGE % ("totalCount" if counted else ""), **arguments)
    assert found["nodes"] == [edge["node"] for edge in found["edges"]]
    cursors = [edge["cursor"] for edge in found["edges"]] or [None]
    assert (found["pageInfo"]["startCursor"], found["pageInfo"]["endCursor"]) == (cursors[0], cursors[-1])
    return found


@pytest.fixture
async def five(api: ApiClient) -> list[str]:
    """Ids of five sessions, latest start first."""
    ids = await start_one_of_each_kind(api)
    return [ids[kind] for kind in ("user", "field", "media", "client", "agenda")]


async def test_latest_start_comes_first_and_offset_skips_sessions(api: ApiClient, five: list[str]) -> None:
    found = await read_page(api, counted=True)
    assert [node["id"] for node in found["nodes"]] == five
    assert (found["totalCount"], found["pageInfo"]["hasNextPage"]) == (5, False)
    found = await read_page(api, offset=3, first=1)
    assert [node["id"] for node in found["nodes"]] == five[3:4]
    assert found["pageInfo"]["hasPreviousPage"]
    assert (await read_page(api, offset=10_000, counted=True))["totalCount"] == 5


@pytest.mark.parametrize("counted", [True, False])
async def test_pages_in_both_directions_cover_the_list(api: ApiClient, five: list[str], counted: bool) -> None:
    for size, cursor, has_more, edge in (
        ("first", "after", "hasNextPage", "endCursor"),
        ("last", "before", "hasPreviousPage", "startCursor"),
    ):
        ids: list[str] = []
        info, position = {has_more: True}, dict[str, Any]()
        while info[has_more]:
            found = await read_page(api, counted=counted, **{size: 2}, **position)
            assert found.get("totalCount") == (5 if counted else None)
            page_ids, info = [node["id"] for node in found["nodes"]], found["pageInfo"]
            ids = [*ids, *page_ids] if size == "first" else [*page_ids, *ids]
            position = {cursor: info[edge]}
        assert ids == five


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ([{"field": "STARTED_AT", "direction": "ASC"}], "43210"),
        ([{"field": "STARTED_AT"}], "01234"),
        ([{"field": "CREATED_AT", "direction": "ASC"}], "34210"),
        ([{"field": "CREATED_AT"}], "01243"),
        ([{"field": "LAST_SEEN_AT"}], "32014"),
        ([{"field": "ENDED_AT", "direction": "ASC"}, {"field": "CREATED_AT"}], "20143"),
        ([{"field": "ENDED_AT"}, {"field": "CREATED_AT", "direction": "ASC"}], "34102"),
        ([], "01234"),
        (None, "01234"),
    ],
)
async def test_list_is_sorted_by_order_argument(
    api: ApiClient, five: list[str], order: list[dict[str, str]] | None, expected: str
) -> None:
    await api.mutate("stopSession", {"id": five[2]})
    await api.advance(1)
    await api.mutate("keepaliveSession", {"id": five[3]})
    found = await read_page(api, order=order)
    assert "".join(str(five.index(node["id"])) for node in found["nodes"]) == expected
