"""Generated values for the input types of the schema, valid and invalid."""

from collections.abc import Iterator
from typing import Any, Final

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLScalarType,
)
from hypothesis import strategies as st

JSON_VALUES: Final[list[Any]] = [
    *(None, True, False, 0, 1, -1, 2**31 - 1, 2**31, -(2**31) - 1, 2**53 + 1, 2**63 - 1, 1.5, -0.0, 1e308, 5e-324),
    *("", "x", " ", "1", "null", "USER", "s_xxxxxxxxxxxxxxxxxxxxxx", "2026-05-28T20:26:40Z", "YQ==", "é" * 300),
    *([], [None], [1], ["x"], [[]], [{}], {}, {"a": None}, {"": 1}, {"id": "x"}, {"playhead": 1, "ts": "x"}),
]
"""Values of every JSON type, edge cases included."""

_SCALARS: Final[dict[str, list[Any]]] = {
    "Boolean": [True, False],
    "Int": [0, 1, -1, 10, 86_400, 2**31 - 1, -(2**31)],
    "Float": [0, 1.5, -1e9, 1e308, 3],
    "String": ["", "a", "en", "0000", "x" * 16, "é" * 600, "s_" + "x" * 22, "__timezone__", "36000", "\u202e", " "],
    "ID": ["", "default", "p", "s_" + "x" * 22, "a_" + "x" * 22, 7, "x" * 300],
    "DateTime": ["2026-05-28T20:26:40Z", "2026-05-29T00:00:00.5+02:00", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"],
    "Base64": ["", "YQ==", "AAAA" * 100],
    "Upload": ["", "a.txt", 1, True, {}],
    "JSON": [
        *(None, {}, {"a": 1}, [], "x", 1, 1.5, {"media.show": "x"}, {"bitrate": 1}, {"a": {"b": [None, True]}}),
        *({"media.show": 5, "x y": 1, "media.playerName": "p"}, {"bitrate": "x", "media.qoe.bitrate": 1}),
        {str(number): number for number in range(51)},
    ],
}


def field_paths(type_: GraphQLInputType, prefix: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Iterate over the paths of all fields of an input type, nested ones included."""
    named = strip_non_null(type_)
    if isinstance(named, GraphQLInputObjectType):
        for name, field in named.fields.items():
            yield (*prefix, name)
            yield from field_paths(field.type, (*prefix, name))
    elif isinstance(named, GraphQLList) and isinstance(strip_non_null(named.of_type), GraphQLInputObjectType):
        yield from field_paths(named.of_type, (*prefix, "0"))


def strip_non_null(type_: Any) -> Any:
    return type_.of_type if isinstance(type_, GraphQLNonNull) else type_


def with_value_at(value: Any, path: tuple[str, ...], replacement: Any) -> Any:
    """Copy a value with a replacement at one path, creating what is missing on the way."""
    if not path:
        return replacement
    first, *rest = path
    if first.isdigit():
        return [with_value_at(value[0] if value else {}, tuple(rest), replacement)]
    current = value if isinstance(value, dict) else {}
    return {**current, first: with_value_at(current.get(first), tuple(rest), replacement)}


def mostly_valid_values(type_: GraphQLInputType) -> st.SearchStrategy[Any]:
    """Well-typed values, and one in twenty of any type."""
    return _values(type_, wrong=1)


def well_typed_values(type_: GraphQLInputType) -> st.SearchStrategy[Any]:
    """Values that GraphQL accepts, whatever their content."""
    return _values(type_, wrong=0)


def _values(type_: GraphQLInputType, wrong: int) -> st.SearchStrategy[Any]:
    """Values of which so many in twenty are of any type."""
    return st.integers(0, 19).flatmap(
        lambda number: st.sampled_from(JSON_VALUES) if number < wrong else _typed_values(type_, wrong)
    )


def _typed_values(type_: GraphQLInputType, wrong: int) -> st.SearchStrategy[Any]:
    match type_:
        case GraphQLNonNull():
            return _values(type_.of_type, wrong)
        case GraphQLList():
            return st.lists(_values(type_.of_type, wrong), max_size=3)
        case GraphQLEnumType():
            return st.sampled_from([*type_.values, *["NOTHING"] * wrong])
        case GraphQLInputObjectType():
            return _objects(type_, wrong)
        case GraphQLScalarType():
            return st.sampled_from(_SCALARS[type_.name] if wrong or type_.name != "Upload" else [None])
    raise TypeError(type_)


def _objects(type_: GraphQLInputObjectType, wrong: int) -> st.SearchStrategy[Any]:
    fields = {name: _values(field.type, wrong) for name, field in type_.fields.items()}
    if type_.is_one_of:
        return st.sampled_from(sorted(fields)).flatmap(lambda name: st.fixed_dictionaries({name: fields[name]}))
    required = {name: fields[name] for name, field in type_.fields.items() if isinstance(field.type, GraphQLNonNull)}
    optional = {name: strategy for name, strategy in fields.items() if name not in required}
    return st.fixed_dictionaries(required, optional=optional)
