"""Queries that need no list: things by their ids, and who is asking."""

import pytest
from graphql import GraphQLObjectType

from models.enums import Scope
from models.ids import new_id
from resolvers.access import Caller
from schema import graphql_schema
from schema.field_helpers import QUERY_WEIGHT
from schema.stats import GROUP_WEIGHT
from tests.schema.fake_context import (
    PROJECT,
    FakeContext,
    FakeLoaders,
    execute,
    execute_ok,
    make_activity,
    make_session,
)


async def test_nodes_of_all_sorts_come_in_the_order_of_their_ids() -> None:
    s = make_session("USER")
    entry = make_activity(s, 1, "STARTED")
    ids = [entry.id, "default", new_id("s_"), s.id]
    document = "query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }"
    assert (await execute_ok(document, FakeContext(FakeLoaders(PROJECT, s, entry)), ids=ids))["nodes"] == [
        {"__typename": "Activity", "id": entry.id},
        {"__typename": "Project", "id": "default"},
        None,
        {"__typename": "UserSession", "id": s.id},
    ]


async def test_the_viewer_sees_scopes_in_their_order_and_projects_by_id() -> None:
    document = "{ viewer { name scopes projects } }"
    assert (await execute_ok(document, FakeContext(FakeLoaders())))["viewer"] == {
        "name": "local",
        "scopes": ["READ", "WRITE", "ADMIN"],
        "projects": None,
    }
    caller = Caller(id="t", name="kiosk", scopes=frozenset({Scope.WRITE, Scope.READ}), project_ids=frozenset("ba"))
    assert (await execute_ok(document, FakeContext(FakeLoaders(), caller=caller)))["viewer"] == {
        "name": "kiosk",
        "scopes": ["READ", "WRITE"],
        "projects": ["a", "b"],
    }


async def test_a_session_of_nobody_is_an_error_of_its_own_field() -> None:
    caller = Caller(id="t", name="nobody", scopes=frozenset(), project_ids=None)
    result = await execute('{ viewer { name } session(id: "s_1") { id } }', FakeContext(FakeLoaders(), caller=caller))
    assert result.data == {"viewer": {"name": "nobody"}, "session": None}
    assert result.errors is not None
    assert result.errors[0].extensions == {"code": "FORBIDDEN"}


@pytest.mark.parametrize(("name", "fields"), [("SessionStats", None), ("SessionConnection", {"totalCount"})])
def test_what_is_counted_over_all_matches_weighs_more_than_its_size(name: str, fields: set[str] | None) -> None:
    type_ = graphql_schema.type_map[name]
    assert isinstance(type_, GraphQLObjectType)
    heavy = {field for field, of in type_.fields.items() if of.extensions.get("weight") in (QUERY_WEIGHT, GROUP_WEIGHT)}
    assert heavy == (fields or type_.fields.keys())
