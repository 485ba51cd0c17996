"""Types read from rows, the literals that inputs accept, and the costs of fields."""

from types import SimpleNamespace
from typing import Any, Final

import pytest
from graphql import GraphQLObjectType, get_named_type, is_leaf_type, parse, validate

from models.enums import Scope
from resolvers.access import LOCAL_ADMIN, Caller
from schema import graphql_schema
from schema.field_helpers import QUERY_WEIGHT
from schema.stats import GROUP_WEIGHT
from tests.api.session_inputs import MEDIA, MINIMAL_INPUTS
from tests.api_client import ApiClient


def object_type(name: str) -> GraphQLObjectType:
    found = graphql_schema.type_map[name]
    assert isinstance(found, GraphQLObjectType)
    return found


def resolve(type_name: str, field: str, row: object) -> Any:
    """Resolve a field that needs nothing but its row."""
    resolver = object_type(type_name).fields[field].resolve
    assert resolver is not None
    info: Any = SimpleNamespace(context=None)
    return resolver(row, info)


@pytest.mark.parametrize("kind", MINIMAL_INPUTS)
async def test_every_field_of_kind_is_readable(api: ApiClient, kind: str) -> None:
    session_id = (await api.start_session(kind, MINIMAL_INPUTS[kind]))["id"]
    type_ = object_type(f"{kind.capitalize()}Session")
    leaves = [name for name, field in type_.fields.items() if is_leaf_type(get_named_type(field.type))]
    document = f"query ($id: ID!) {{ node(id: $id) {{ __typename ... on {type_.name} {{ {' '.join(leaves)} }} }} }}"
    found = await api.execute(document, id=session_id)
    assert found.keys() == {"__typename", *leaves}
    assert (found["__typename"], found["kind"]) == (type_.name, kind.upper())


INPUTS: Final[dict[str, dict[str, Any]]] = {
    "client": {"clientSystem": "iOS 8.1", "deviceId": "d1", "clientType": "iPhone", "language": "fr-CA"},
    "agenda": {"guide": 7, "name": "Opening", "startTime": "2026-05-28T21:00:00Z", "importId": "i1"},
    "media": {**MEDIA, "qoe": {"bitrate": 5}},
    "field": {"unitId": "u1", "uuid": "f1", "created": "2026-05-28T20:00:00Z", "data": [{"name": "A", "value": "x"}]},
    "user": {"username": "ada", "clientId": "0123456789abcdef"},
}
OUTPUTS: Final[dict[str, dict[str, Any]]] = {
    "client": {**INPUTS["client"], "language": "fr", "timezone": "0000", "geoListenEnabled": False},
    "agenda": {**INPUTS["agenda"], "startTime": "2026-05-28T21:00:00.000Z", "endTime": None, "rank": 0.0},
    "media": {"mediaId": MEDIA["mediaId"], "playerState": "STARTING", "params": {}, "qoe": {"media.qoe.bitrate": 5}},
    "field": {"uuid": "f1", "created": "2026-05-28T20:00:00.000Z", "received": "2026-05-28T20:26:40.000Z"},
    "user": INPUTS["user"],
}


@pytest.mark.parametrize("kind", INPUTS)
async def test_fields_stored_in_shared_columns_keep_their_names(api: ApiClient, kind: str) -> None:
    fields = f"... on {kind.capitalize()}Session {{ {' '.join(OUTPUTS[kind])} }}"
    found = await api.start_session(kind, INPUTS[kind], fields)
    assert {name: found[name] for name in OUTPUTS[kind]} == OUTPUTS[kind]


def test_row_older_than_field_has_its_default() -> None:
    row = SimpleNamespace(details={})
    assert resolve("AgendaSession", "allDay", row) is False
    assert resolve("AgendaSession", "locations", row) == []
    assert resolve("AgendaSession", "maxCapacity", row) is None


def test_viewer_has_sorted_scopes_and_projects() -> None:
    caller = Caller(id="t", name="kiosk", scopes=frozenset({Scope.WRITE, Scope.READ}), project_ids=frozenset("ba"))
    assert resolve("Viewer", "scopes", caller) == ["READ", "WRITE"]
    assert resolve("Viewer", "projects", caller) == ["a", "b"]
    assert resolve("Viewer", "projects", LOCAL_ADMIN) is None


@pytest.mark.parametrize("variant", ["{}", "{user: null}", '{user: {}, client: {clientSystem: "x"}}'])
def test_literal_variant_must_have_exactly_one_field(variant: str) -> None:
    document = parse(f"mutation {{ startSession(input: {{variant: {variant}}}) {{ created }} }}")
    (error,) = validate(graphql_schema, document)
    assert "exactly one field must be specified" in error.message


async def test_json_literal_may_contain_variables(api: ApiClient) -> None:
    document = """mutation ($value: JSON, $at: DateTime) { startSession(input: {
        variant: {user: {username: "ada"}}, metadata: {a: [$value, {b: $value}], at: $at}
    }) { session { metadata } } }"""
    found = await api.execute(document, value={"x y": [1.5]}, at="2024-01-01T01:00:00+01:00")
    assert found["session"]["metadata"] == {
        "a": [{"x y": [1.5]}, {"b": {"x y": [1.5]}}],
        "at": "2024-01-01T01:00:00+01:00",
    }


CONNECTIONS: Final = ("SessionConnection", "ActivityConnection", "ProjectConnection")


@pytest.mark.parametrize(
    ("name", "fields"), [("SessionStats", None), *((name, {"totalCount"}) for name in CONNECTIONS)]
)
def test_fields_that_query_all_matches_cost_more(name: str, fields: set[str] | None) -> None:
    type_ = object_type(name)
    expensive = {
        field for field, of in type_.fields.items() if of.extensions.get("weight") in (QUERY_WEIGHT, GROUP_WEIGHT)
    }
    assert expensive == (fields or type_.fields.keys())
