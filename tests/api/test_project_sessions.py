"""Project.sessions, Session.projectId, and the connections' nodes and totalCount."""

from collections.abc import AsyncIterator
from typing import Any, Final

import pytest

from tests.api.session_inputs import MINIMAL_INPUTS, create_project, start_one_of_each_kind
from tests.api.test_statement_counts import count_statements
from tests.api_client import ApiClient, open_api

PROJECTS: Final = """query($filter: SessionFilter, $orderBy: [SessionOrder!], $first: Int, $last: Int) {
    projects(first: 5) { nodes { id sessions(filter: $filter, orderBy: $orderBy, first: $first, last: $last) {
        edges { cursor node { id } } nodes { id projectId } totalCount
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } } }"""
PROJECT: Final = """query($filter: SessionFilter, $first: Int, $after: String, $last: Int, $before: String) {
    project(id: "p") { sessions(filter: $filter, first: $first, after: $after, last: $last, before: $before) {
        nodes { id } totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } }"""
LIST: Final = """query($filter: SessionFilter, $orderBy: [SessionOrder!], $first: Int, $last: Int) {
    sessions(filter: $filter, orderBy: $orderBy, first: $first, last: $last) {
        edges { cursor node { id } } nodes { id projectId } totalCount
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"""


@pytest.fixture(scope="module")
async def filled_projects(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ApiClient]:
    """A server with sessions in three of four projects: one of them expired and one stopped in each."""
    async with open_api(tmp_path_factory.mktemp("projects") / "test.db") as api:
        await fill_projects(api)
        yield api


async def fill_projects(api: ApiClient) -> None:
    for id_ in ("p", "q", "empty"):
        await create_project(api, id_)
    for project_id in ("default", "p", "q"):
        await api.start_user("gone", projectId=project_id, timeoutSeconds=10)
        await api.advance(10)
        stopped = await api.start_user("done", projectId=project_id)
        await api.mutate("stopSession", {"id": stopped["id"]})
        for kind, variant in MINIMAL_INPUTS.items():
            await api.start_session(kind, variant, projectId=project_id)
            await api.advance(1)


async def test_session_of_any_kind_has_its_project_id(api: ApiClient) -> None:
    await create_project(api, "p")
    assert (await api.start_user(projectId="p", fields="projectId"))["projectId"] == "p"
    await start_one_of_each_kind(api)
    found = await api.execute('{ sessions(filter: {projectIds: ["default"]}) { nodes { projectId } } }')
    assert [node["projectId"] for node in found["nodes"]] == ["default"] * 5
    statements = await count_statements(api, "{ sessions { nodes { projectId } } }")
    assert statements == 1


@pytest.mark.parametrize("filter_", [None, {}, {"kinds": ["USER"]}, {"active": True}, {"projectIds": ["p", "q"]}])
@pytest.mark.parametrize("field", [None, "STARTED_AT", "LAST_SEEN_AT", "ENDED_AT", "CREATED_AT"])
@pytest.mark.parametrize("page", [{}, {"first": 3}, {"last": 3}, {"first": 100}])
async def test_sessions_of_projects_equal_lists_filtered_by_project(
    filled_projects: ApiClient, filter_: dict[str, Any] | None, field: str | None, page: dict[str, int]
) -> None:
    order = None if field is None else [{"field": field, "direction": "ASC"}]
    arguments = {"filter": filter_, "orderBy": order, **page}
    found = await filled_projects.execute(PROJECTS, **arguments)
    assert [project["id"] for project in found["nodes"]] == ["default", "empty", "p", "q"]
    for project in found["nodes"]:
        requested = (filter_ or {}).get("projectIds", [project["id"]])
        ids = [project["id"]] if project["id"] in requested else []
        expected = await filled_projects.execute(
            LIST, **{**arguments, "filter": {**(filter_ or {}), "projectIds": ids}}
        )
        assert project["sessions"] == expected, project["id"]


async def test_sessions_of_project_are_paged_both_ways(filled_projects: ApiClient) -> None:
    api, ids = filled_projects, []
    page: dict[str, Any] = {"hasNextPage": True, "endCursor": None}
    while page["hasNextPage"]:
        found = (await api.execute(PROJECT, first=3, after=page["endCursor"]))["sessions"]
        ids.append([node["id"] for node in found["nodes"]])
        page = found["pageInfo"]
        assert found["totalCount"] == 7
    assert [len(each) for each in ids] == [3, 3, 1]
    back = (await api.execute(PROJECT, last=3, before=page["startCursor"]))["sessions"]
    assert [node["id"] for node in back["nodes"]] == ids[1]
    elsewhere = (await api.execute(LIST, filter={"projectIds": ["q"]}, first=1))["pageInfo"]["endCursor"]
    assert await api.error_code(PROJECT, first=1, after=elsewhere) == "BAD_USER_INPUT"


async def test_list_without_size_costs_as_much_as_one_of_the_default_size(api: ApiClient) -> None:
    lists = "{ projects%s { nodes { sessions%s { nodes { activities%s { nodes { id } } } } } } }"
    for sizes in (("", "", ""), ("(first: 50)",) * 3):
        assert await api.error_code(lists % sizes) == "QUERY_TOO_COMPLEX"
    assert (await api.execute(lists % (("(first: 5)",) * 3)))["nodes"] == [{"sessions": {"nodes": []}}]


async def test_lists_of_many_projects_cost_more_than_their_items(api: ApiClient) -> None:
    lists = "{ projects(first: 500) { nodes { a: sessions(first: 1) { %s } b: sessions(first: 1) { %s } } } }"
    assert await api.error_code(lists % ("totalCount", "totalCount")) == "QUERY_TOO_COMPLEX"
    assert (await api.execute(lists % ("nodes { id }", "nodes { id }")))["nodes"][0]["a"] == {"nodes": []}


@pytest.mark.parametrize("arguments", [{"first": 0}, {"first": 1, "last": 1}, {"last": 501}, {"after": "x"}])
async def test_bad_page_of_project_sessions_is_an_error(filled_projects: ApiClient, arguments: dict[str, Any]) -> None:
    assert await filled_projects.error_code(PROJECT, **arguments) == "BAD_USER_INPUT"


async def test_sessions_of_all_projects_take_one_statement(filled_projects: ApiClient) -> None:
    api = filled_projects
    for selected, statements in (
        ("nodes { id }", 2),
        ("totalCount", 3),
        ("nodes { id } totalCount pageInfo { hasNextPage endCursor }", 3),
    ):
        for count in (1, 4):
            document = f"{{ projects(first: {count}) {{ nodes {{ sessions {{ {selected} }} }} }} }}"
            assert await count_statements(api, document) == statements, document


async def test_timelines_of_all_sessions_are_counted_in_one_statement(filled_projects: ApiClient) -> None:
    api = filled_projects
    for first in (1, 20):
        document = (
            f"{{ sessions(first: {first}) {{ nodes {{ activities(first: 1) {{ totalCount nodes {{ id }} }} }} }} }}"
        )
        assert await count_statements(api, document) == 3
    found = await api.execute("""{ sessions(filter: {subjects: ["done"]}) { nodes {
        all: activities(first: 1) { totalCount nodes { type } }
        stops: activities(types: [STOPPED]) { totalCount nodes { type } }
        none: activities(types: []) { totalCount nodes { type } } } } }""")
    for node in found["nodes"]:
        assert node == {
            "all": {"totalCount": 2, "nodes": [{"type": "STARTED"}]},
            "stops": {"totalCount": 1, "nodes": [{"type": "STOPPED"}]},
            "none": {"totalCount": 0, "nodes": []},
        }


async def test_lists_of_activities_and_projects_are_counted_if_selected(filled_projects: ApiClient) -> None:
    api = filled_projects
    document = """query($filter: SessionFilter, $types: [ActivityType!]) {
        activities(filter: $filter, types: $types, first: 2) { totalCount nodes { id } edges { node { id } } } }"""
    for arguments, count in (({}, 24), ({"types": ["STOPPED"]}, 3), ({"filter": {"subjects": ["done"]}}, 6)):
        found = await api.execute(document, **arguments)
        assert (found["totalCount"], len(found["nodes"])) == (count, 2)
        assert found["nodes"] == [edge["node"] for edge in found["edges"]]
    assert await api.execute("{ projects(first: 1) { totalCount nodes { id } } }") == {
        "totalCount": 4,
        "nodes": [{"id": "default"}],
    }
    assert await count_statements(api, "{ projects { nodes { id } } }") == 1
    assert await count_statements(api, "{ activities { nodes { id } } }") == 1
