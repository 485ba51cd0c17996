"""Agreement of the model, the input and the type of each kind."""

from typing import Any, cast

import pytest
from graphql import (
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNonNull,
    GraphQLObjectType,
    Undefined,
    get_named_type,
    get_nullable_type,
    is_list_type,
)
from pydantic.fields import FieldInfo

from models.kinds import KINDS
from models.kinds.agenda import AgendaUpdateFields
from models.kinds.base import InputOnly, KindFields, KindRules, ServerDefault, metadata_of
from models.kinds.commands import HeartbeatFields, KeepaliveFields, TerminateFields, TerminationFields, TrackMediaFields
from models.kinds.field import DataPointFields, SaveFieldDataFields
from models.kinds.media_events import MediaEventFields, MediaPingFields, PlayerTimeFields
from models.kinds.project import KindTimeoutFields, NewProjectFields, ProjectFields
from models.kinds.start import StartFields
from schema import graphql_schema

INPUTS: dict[str, type[KindFields]] = {
    "CreateProjectInput": NewProjectFields,
    "DataPointInput": DataPointFields,
    "HideSessionInput": HeartbeatFields,
    "KeepaliveSessionInput": KeepaliveFields,
    "KindTimeoutInput": KindTimeoutFields,
    "MediaEventInput": MediaEventFields,
    "MediaPingInput": MediaPingFields,
    "PlayerTimeInput": PlayerTimeFields,
    "SaveFieldDataInput": SaveFieldDataFields,
    "StartSessionInput": StartFields,
    "StopSessionInput": HeartbeatFields,
    "TerminateSessionInput": TerminateFields,
    "TerminateSessionsInput": TerminationFields,
    "UpdateAgendaSessionInput": AgendaUpdateFields,
    "UpdateProjectInput": ProjectFields,
    "TrackMediaInput": TrackMediaFields,
    **{f"{kind.capitalize()}SessionInput": rules.fields for kind, rules in KINDS.items()},
}
SESSION = cast("GraphQLInterfaceType", graphql_schema.type_map["Session"])
OWN_DESCRIPTIONS = {("HideSessionInput", "path"), ("StopSessionInput", "path")}
SCALARS = {
    "integer": {"Int", "DateTime"},
    "number": {"Float"},
    "string": {"String", "ID", "Base64", "Upload", "SessionKind", "MediaEventType"},
    "boolean": {"Boolean"},
    "object": {"JSON"},
}


def input_type(name: str) -> GraphQLInputObjectType:
    found = graphql_schema.type_map[name]
    assert isinstance(found, GraphQLInputObjectType)
    return found


def session_type(kind: str) -> GraphQLObjectType:
    found = graphql_schema.type_map[f"{kind.capitalize()}Session"]
    assert isinstance(found, GraphQLObjectType)
    return found


def fields_by_alias(model: type[KindFields]) -> dict[str, FieldInfo]:
    """Return the fields of a model by their names in the schema."""
    return {str(info.alias): info for info in model.model_fields.values()}


def json_schemas(model: type[KindFields]) -> dict[str, Any]:
    """Return the JSON Schema of each field, pydantic's own interpretation of its type."""
    found: dict[str, Any] = model.model_json_schema(by_alias=True)
    definitions = found.get("$defs", {})

    def plain(shape: dict[str, Any]) -> dict[str, Any]:
        if "anyOf" in shape:
            (shape,) = (each for each in shape["anyOf"] if each != {"type": "null"})
        return definitions[shape["$ref"].rpartition("/")[2]] if "$ref" in shape else shape

    return {name: plain(shape) for name, shape in found["properties"].items()}


def test_schema_has_exactly_the_kinds_of_models() -> None:
    implementations = graphql_schema.get_implementations(SESSION).objects
    assert {type_.name for type_ in implementations} == {f"{kind.capitalize()}Session" for kind in KINDS}
    assert input_type("SessionVariantInput").fields.keys() == {kind.lower() for kind in KINDS}


@pytest.mark.parametrize(("name", "model"), INPUTS.items())
def test_input_has_fields_of_model(name: str, model: type[KindFields]) -> None:
    fields, infos, shapes = input_type(name).fields, fields_by_alias(model), json_schemas(model)
    assert infos.keys() == fields.keys() - {"variant", "filter"}
    for alias, info in infos.items():
        field, shape = fields[alias], shapes[alias]
        may_be_null = not info.is_required() and info.default is None
        assert field.default_value == (Undefined if info.is_required() or may_be_null else info.default), alias
        assert isinstance(field.type, GraphQLNonNull) != may_be_null, alias
        assert is_list_type(get_nullable_type(field.type)) == (shape["type"] == "array"), alias
        of = get_named_type(field.type)
        if not isinstance(of, GraphQLInputObjectType) and shape["type"] != "array":
            assert of.name in SCALARS[shape["type"]], alias
        if (name, alias) not in OWN_DESCRIPTIONS:
            assert field.description == info.description, alias


@pytest.mark.parametrize("rules", KINDS.values(), ids=KINDS)
def test_type_has_fields_of_start_input(rules: KindRules) -> None:
    ours, theirs = session_type(rules.kind).fields, input_type(f"{rules.kind.capitalize()}SessionInput").fields
    for alias, info in fields_by_alias(rules.fields).items():
        if metadata_of(info.metadata, InputOnly) is not None:
            continue
        assert ours[alias].description == info.description, alias
        assert get_named_type(ours[alias].type) is get_named_type(theirs[alias].type), alias
        filled_in = metadata_of(info.metadata, ServerDefault) is not None
        never_null = isinstance(theirs[alias].type, GraphQLNonNull) or filled_in
        assert isinstance(ours[alias].type, GraphQLNonNull) == never_null, alias


@pytest.mark.parametrize("rules", KINDS.values(), ids=KINDS)
def test_type_has_description_of_kind_and_fields_of_session_interface(rules: KindRules) -> None:
    type_, variant = session_type(rules.kind), input_type("SessionVariantInput").fields[rules.kind.lower()]
    assert type_.description == rules.description == variant.description
    for name, field in SESSION.fields.items():
        assert str(type_.fields[name].type) == str(field.type), name
        assert type_.fields[name].description == field.description, name
