"""Queries that need no list: things by their ids, and who is asking."""

import pytest
from graphql import GraphQLObjectType

from models.enums import Scope
from models.ids import new_id
from resolvers.access import Caller
from schema import graphql_schema
from schema.field_helpers import STATEMENT
from schema.stats import GROUP
from tests.schema.fake_context import PROJECT, Scene, Shelf, answer, entry_of, row, run


async def test_nodes_of_all_sorts_come_in_the_order_of_their_ids() -> None:
    s = row("USER")
    entry = entry_of(s, 1, "STARTED")
    ids = [entry.id, "default", new_id("s_"), s.id]
    document = "query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }"
    assert (await answer(document, Scene(Shelf(PROJECT, s, entry)), ids=ids))["nodes"] == [
        {"__typename": "Activity", "id": entry.id},
        {"__typename": "Project", "id": "default"},
        None,
        {"__typename": "UserSession", "id": s.id},
    ]


async def test_the_viewer_sees_scopes_in_their_order_and_projects_by_id() -> None:
    document = "{ viewer { name scopes projects } }"
    assert (await answer(document, Scene(Shelf())))["viewer"] == {
        "name": "local",
        "scopes": ["READ", "WRITE", "ADMIN"],
        "projects": None,
    }
    caller = Caller(id="t", name="kiosk", scopes=frozenset({Scope.WRITE, Scope.READ}), project_ids=frozenset("ba"))
    assert (await answer(document, Scene(Shelf(), caller=caller)))["viewer"] == {
        "name": "kiosk",
        "scopes": ["READ", "WRITE"],
        "projects": ["a", "b"],
    }


async def test_a_session_of_nobody_is_an_error_of_its_own_field() -> None:
    caller = Caller(id="t", name="nobody", scopes=frozenset(), project_ids=None)
    result = await run('{ viewer { name } session(id: "s_1") { id } }', Scene(Shelf(), caller=caller))
    assert result.data == {"viewer": {"name": "nobody"}, "session": None}
    assert result.errors is not None
    assert result.errors[0].extensions == {"code": "FORBIDDEN"}


@pytest.mark.parametrize(("name", "fields"), [("SessionStats", None), ("SessionConnection", {"totalCount"})])
def test_what_is_counted_over_all_matches_weighs_more_than_its_size(name: str, fields: set[str] | None) -> None:
    type_ = graphql_schema.type_map[name]
    assert isinstance(type_, GraphQLObjectType)
    heavy = {field for field, of in type_.fields.items() if of.extensions.get("weight") in (STATEMENT, GROUP)}
    assert heavy == (fields or type_.fields.keys())
