"""Arguments as resolvers get them: what graphql-core coerced, by Python names."""

from typing import Any

import pytest
from graphql import GraphQLInputObjectType, GraphQLObjectType, Undefined, coerce_input_value

from models.enums import Kind, MediaEventType
from schema import graphql_schema
from schema.enums import OrderDirection, SessionOrderField

AT = "2024-05-31T14:00:00+02:00"
AT_MS = 1_717_156_800_000


def coerce(type_: str, value: Any) -> Any:
    return coerce_input_value(value, graphql_schema.type_map[type_])  # type: ignore[arg-type]  # inputs only


def test_coerced_input_has_python_names_and_enum_members() -> None:
    ping = {"playerTime": {"playhead": 1, "ts": AT}, "type": "PLAY"}
    assert coerce("TrackMediaInput", {"id": 7, "events": ping}) == {
        "id": "7",
        "events": [{"player_time": {"playhead": 1.0, "ts": AT_MS}, "type": MediaEventType.PLAY}],
    }


def test_coerced_input_has_the_defaults_of_the_schema() -> None:
    start = {"variant": {"client": {"clientSystem": "x"}}}
    assert coerce("StartSessionInput", start) == {
        "visible": True,
        "variant": {"client": {"client_system": "x", "demo_stream_enabled": False}},
    }
    order = coerce("SessionOrder", {"field": "ENDED_AT"})
    assert order == {"field": SessionOrderField.ENDED_AT, "direction": OrderDirection.DESC}


def test_null_is_absent_but_for_updates_and_within_json() -> None:
    metadata = {"kept": None}
    assert coerce("KeepaliveSessionInput", {"id": "a", "path": None, "sequence": 0}) == {"id": "a", "sequence": 0}
    common = coerce("StartSessionInput", {"metadata": metadata, "variant": {"user": {"clientId": None}}})
    assert (common["metadata"], common["variant"]) == (metadata, {"user": {}})
    assert coerce("UpdateProjectInput", {"id": "a", "timeouts": None}) == {"id": "a", "timeouts": None}
    assert coerce("UpdateProjectInput", {"id": "a"}) == {"id": "a"}


@pytest.mark.parametrize("variant", [{}, {"user": None}, {"user": {}, "client": None}])
def test_one_of_takes_exactly_one_member_that_is_not_null(variant: dict[str, Any]) -> None:
    assert coerce("StartSessionInput", {"variant": variant}) is Undefined


def test_every_argument_and_input_field_has_a_python_name() -> None:
    for type_ in graphql_schema.type_map.values():
        if isinstance(type_, GraphQLInputObjectType):
            names = [field.out_name for field in type_.fields.values()]
        elif isinstance(type_, GraphQLObjectType) and not type_.name.startswith("__"):
            names = [argument.out_name for field in type_.fields.values() for argument in field.args.values()]
        else:
            continue
        assert all(name is not None and name.islower() for name in names), type_
    assert Kind.USER in coerce("SessionFilter", {"kinds": ["USER"]})["kinds"]
