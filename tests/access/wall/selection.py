"""Selections of everything that an operation can reach, made from the built schema."""

from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeAlias

from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLUnionType,
    get_named_type,
    is_composite_type,
    is_required_argument,
)

from schema import graphql_schema

CompositeType: TypeAlias = GraphQLObjectType | GraphQLInterfaceType | GraphQLUnionType

ARGUMENTS: Final = {
    "SessionStats.seenWithin": "(minutes: 60)",
    "SessionStats.groupBy": "(field: GUIDE)",
    "SessionStats.series": '(from: "2026-05-28T00:00:00Z", to: "2026-05-29T00:00:00Z", bucketSeconds: 3600)',
}
"""Of the fields that cannot be selected without any."""
ALIASES: Final = {"Activity.data": "details: "}
"""Of fields that another type has with another type."""


def select_field(owner: str, name: str, field: GraphQLField, seen: frozenset[str] = frozenset(), call: str = "") -> str:
    """Select a field with everything that it leads to; `call` has its arguments."""
    coordinate = f"{owner}.{name}"
    if not call and any(is_required_argument(argument) for argument in field.args.values()):
        call = ARGUMENTS[coordinate]
    named = composite(field)
    inner = "" if named is None else f" {{ {select_all(named, seen)} }}"
    return f"{ALIASES.get(coordinate, '')}{name}{call}{inner}"


def composite(field: GraphQLField) -> CompositeType | None:
    """Return the type of what a field leads to; None for a value."""
    named: GraphQLNamedType = get_named_type(field.type)
    return named if is_composite_type(named) else None


def select_all(named: CompositeType, seen: frozenset[str]) -> str:
    """Select all fields; of an object in an edge, or of a type around, only what identifies it."""
    if named.name in seen:
        return "__typename id"
    if named.name.endswith("Edge"):
        return "__typename cursor node { __typename id }"
    within = seen if named.name.endswith("Connection") else seen | {named.name}
    if isinstance(named, GraphQLUnionType):
        return " ".join(["__typename", *(_fragment(each, each.fields, within) for each in named.types)])
    selected = ["__typename", *_select_fields(named.name, named.fields, within)]
    if isinstance(named, GraphQLInterfaceType):
        selected += [
            _fragment(each, {name: field for name, field in each.fields.items() if name not in named.fields}, within)
            for each in _parts(named)
        ]
    return " ".join(selected)


def _parts(named: GraphQLInterfaceType) -> Iterable[GraphQLObjectType | GraphQLInterfaceType]:
    """Return the interfaces that extend one, and the types that no such interface covers."""
    found = graphql_schema.get_implementations(named)
    covered = {one.name for part in found.interfaces for one in graphql_schema.get_possible_types(part)}
    return [*found.interfaces, *(one for one in found.objects if one.name not in covered)]


def _fragment(
    part: GraphQLObjectType | GraphQLInterfaceType, fields: Mapping[str, GraphQLField], seen: frozenset[str]
) -> str:
    if isinstance(part, GraphQLInterfaceType):
        return f"... on {part.name} {{ {select_all(part, seen)} }}"
    if part.name in seen:
        return f"... on {part.name} {{ __typename }}"
    selected = _select_fields(part.name, fields, seen | {part.name})
    return f"... on {part.name} {{ {' '.join(selected) or '__typename'} }}"


def _select_fields(owner: str, fields: Mapping[str, GraphQLField], seen: frozenset[str]) -> list[str]:
    return [select_field(owner, name, field, seen) for name, field in fields.items()]


def all_types() -> list[Any]:
    """Return the object and interface types of the schema."""
    return [
        named
        for name, named in graphql_schema.type_map.items()
        if isinstance(named, GraphQLObjectType | GraphQLInterfaceType) and not name.startswith("__")
    ]
