"""What a page does not show costs nothing: no column, no row, no statement."""

import re
from collections.abc import Iterator
from typing import Any, Final

import pytest
from graphql import GraphQLField, GraphQLInterfaceType, GraphQLObjectType, get_named_type, is_leaf_type

from models.database import Database
from schema import graphql_schema
from tests.api.session_inputs import start_one_of_each_kind
from tests.api_client import ApiClient
from tests.statements import Statement, capture_statements

pytestmark = pytest.mark.compiled

SESSION_TYPES: Final = ("AgendaSession", "ClientSession", "FieldSession", "MediaSession", "UserSession")
TYPES: Final = {
    "sessions": SESSION_TYPES,
    "activities": ("Activity",),
    "projects": ("Project",),
}
"""Types of the items of lists whose columns are selected."""
SELECTION: Final = re.compile(r"SELECT (.*?) *\nFROM", re.DOTALL)


async def statements(api: ApiClient, document: str) -> list[Statement]:
    database: Database = api.app.state.services.database
    with capture_statements(database) as sent:
        await api.execute(document)
    return sent


def columns(statement: Statement) -> set[str]:
    """Return the columns that a statement selects."""
    found = SELECTION.match(statement)
    assert found is not None, statement
    return {column.split(".")[-1] for column in found[1].split(", ")}


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        ("nodes { id }", {"id", "kind"}),
        ("nodes { __typename }", {"kind"}),
        ("edges { node { subject } }", {"kind", "subject"}),
        ("edges { cursor }", {"started_at", "id"}),
        ("pageInfo { endCursor }", {"started_at", "id"}),
        ("nodes { state }", {"kind", "begun", "started_at", "ended_at", "expires_at"}),
        ("nodes { project { id } }", {"kind", "project_id"}),
        ("nodes { ... on ClientSession { clientSystem } path }", {"kind", "client_system", "path"}),
    ],
)
async def test_page_reads_the_columns_that_it_shows(api: ApiClient, selection: str, expected: set[str]) -> None:
    await api.start_user()
    await api.execute("{ projects { nodes { id name } } }")
    sent = await statements(api, f"{{ sessions {{ {selection} }} }}")
    assert columns(sent[0]) == expected
    assert len(sent) == 1 + ("project" in selection)


async def test_total_count_alone_reads_no_page(api: ApiClient) -> None:
    (sent,) = await statements(api, "{ sessions { totalCount } }")
    assert "count(*)" in sent


async def test_row_after_the_page_is_read_only_for_has_next_page(api: ApiClient) -> None:
    (page,) = await statements(api, "{ sessions(first: 7) { nodes { id } pageInfo { hasPreviousPage } } }")
    (more,) = await statements(api, "{ sessions(first: 7) { nodes { id } pageInfo { hasNextPage } } }")
    assert (page.parameters[-2:], more.parameters[-2:]) == ((7, 0), (8, 0))


async def test_other_side_of_cursor_is_searched_only_where_it_shows(api: ApiClient) -> None:
    await api.start_user()
    cursor = (await api.execute("{ sessions { pageInfo { endCursor } } }"))["pageInfo"]["endCursor"]
    page = f'{{ sessions(after: "{cursor}") {{ nodes {{ id }} pageInfo {{ %s }} }} }}'
    assert len(await statements(api, page % "hasNextPage")) == 1
    assert len(await statements(api, page % "hasPreviousPage")) == 2


async def test_page_statement_is_built_once_per_shape(api: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    document = "query($ids: [ID!], $after: DateTime) { sessions(filter: {ids: $ids, startedAfter: $after}) %s }"
    page = document % "{ nodes { id } totalCount edges { cursor } }"
    await api.execute(page, ids=["a"], after="2026-01-01T00:00:00Z")
    monkeypatch.delattr("sqlalchemy.sql.compiler.Compiled.process")
    for number in range(3):
        found = await api.execute(page, ids=["b" * number], after=f"202{number}-01-01T00:00:00Z")
        assert found["totalCount"] == 0


def shown_fields() -> Iterator[Any]:
    for root, type_names in TYPES.items():
        for type_name in type_names:
            type_ = graphql_schema.type_map[type_name]
            assert isinstance(type_, GraphQLObjectType)
            yield pytest.param(root, type_name, type_.fields, id=type_name)


def select(name: str, field: GraphQLField) -> str:
    """Select a field with the first leaf of its type."""
    type_ = get_named_type(field.type)
    if is_leaf_type(type_):
        return name
    inner = {"ActivityConnection": "nodes { id }", "SessionConnection": "nodes { id }"}
    assert isinstance(type_, GraphQLObjectType | GraphQLInterfaceType)
    leaves = [each for each, of in type_.fields.items() if is_leaf_type(get_named_type(of.type))]
    fields = inner.get(type_.name) or leaves[0]
    return f"{name} {{ {fields} }}"


@pytest.mark.parametrize(("root", "type_name", "fields"), [*shown_fields()])
async def test_each_field_alone_shows_what_it_shows_among_all(
    api: ApiClient, root: str, type_name: str, fields: dict[str, GraphQLField]
) -> None:
    await start_one_of_each_kind(api)
    selections = {name: select(name, field) for name, field in fields.items()}

    async def nodes(*chosen: str) -> list[dict[str, Any]]:
        text = f"... on {type_name} {{ {' '.join(chosen)} }}"
        found: list[dict[str, Any]] = (await api.execute(f"{{ {root} {{ nodes {{ {text} }} }} }}"))["nodes"]
        return found

    everything = await nodes(*selections.values())
    assert any(everything)
    for name, selection in selections.items():
        alone = await nodes(selection)
        assert alone == [{name: node[name]} if node else {} for node in everything]


SAME_SHAPE: Final[list[tuple[dict[str, Any], dict[str, Any]]]] = [
    ({"subjects": ["ann"]}, {"subjects": ["bob"]}),
    ({"user": {"usernames": ["ann"]}}, {"user": {"usernames": ["bob"]}}),
    ({"states": ["ACTIVE"]}, {"states": ["ENDED"]}),
    ({"active": True}, {"active": False}),
    ({"visible": True}, {"visible": False}),
    ({"pathPrefix": ["a"]}, {"pathPrefix": ["b", "c"]}),
    ({"startedBefore": "2026-05-28T20:26:41Z"}, {"startedBefore": "2026-05-28T20:26:40Z"}),
]
"""Filters with the same fields, of which the first finds the session of ann, and the second that of bob or none."""


@pytest.mark.parametrize(("of_ann", "other"), SAME_SHAPE, ids=str)
async def test_filters_with_the_same_fields_find_their_own(
    api: ApiClient, of_ann: dict[str, Any], other: dict[str, Any]
) -> None:
    ann = (await api.start_user("ann", path=["a"]))["id"]
    await api.advance(2)
    bob = (await api.start_user("bob", path=["b", "c"]))["id"]
    await api.mutate("stopSession", {"id": bob})
    document = """query($filter: SessionFilter) {
        sessions(filter: $filter) { nodes { id } totalCount }
        activities(filter: $filter, types: [STARTED]) { nodes { sessionId } }
        sessionStats(filter: $filter) { total } }"""
    for filter_, expected in ((of_ann, [ann]), (other, [] if "startedBefore" in other else [bob])) * 2:
        found = await api.execute(document, filter=filter_)
        assert [node["id"] for node in found["sessions"]["nodes"]] == expected
        assert [node["sessionId"] for node in found["activities"]["nodes"]] == expected
        assert found["sessions"]["totalCount"] == found["sessionStats"]["total"] == len(expected)
