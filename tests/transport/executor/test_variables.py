"""Planned variables: equal to graphql-core's, which gets those that only it can judge."""

from typing import Any, Final

import pytest
from graphql import (
    GraphQLInputObjectType,
    OperationDefinitionNode,
    VariableDefinitionNode,
    build_schema,
    get_nullable_type,
    is_input_type,
    is_list_type,
    is_non_null_type,
    parse,
)
from graphql.execution import get_variable_values
from hypothesis import given, settings
from hypothesis import strategies as st

from schema import graphql_schema
from transport.executor.variables import plan_variables

JUNK: Final = st.sampled_from([None, [], {}, "", "x", 1.5, -1, 2**31, True, [None], {"id": 1}, {"unknown": 1}])
VALID: Final = {
    "ID": st.sampled_from(["a", 7]),
    "String": st.text(max_size=3),
    "Int": st.integers(0, 9),
    "Float": st.sampled_from([1, 2.5]),
    "Boolean": st.booleans(),
    "DateTime": st.just("2026-05-28T20:26:40.5+02:00"),
    "JSON": st.sampled_from([{"a": [None, 1]}, 3, "x"]),
    "Base64": st.just("aGk="),
}
TYPES: Final = sorted(
    name for name, type_ in graphql_schema.type_map.items() if is_input_type(type_) and name != "Upload"
)


def values(type_: Any, junk: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Return raw values of a type, with what `junk` yields in any place."""
    if is_non_null_type(type_):
        return some_value(type_.of_type, junk) | junk
    return st.none() | some_value(type_, junk) | junk


def some_value(type_: Any, junk: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    type_ = get_nullable_type(type_)
    if is_list_type(type_):
        item = values(type_.of_type, junk)
        return st.lists(item, max_size=2) | some_value(type_.of_type, junk)  # one stands for a list of one
    if isinstance(type_, GraphQLInputObjectType):
        return input_objects(type_, junk)
    return VALID[type_.name] if type_.name in VALID else st.sampled_from(sorted(type_.values))


def input_objects(type_: GraphQLInputObjectType, junk: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    fields = {name: values(field.type, junk) for name, field in type_.fields.items() if str(field.type) != "Upload"}
    if type_.is_one_of:
        return st.one_of(*(st.fixed_dictionaries({name: some_value(type_.fields[name].type, junk)}) for name in fields))
    required = [name for name in fields if is_non_null_type(type_.fields[name].type)]
    given_fields = {name: fields[name] for name in required}
    return st.fixed_dictionaries(given_fields, optional={name: fields[name] for name in fields if name not in required})


def definitions(source: str) -> tuple[VariableDefinitionNode, ...]:
    operation = parse(source).definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    return tuple(operation.variable_definitions or ())


def check(name: str, suffix: str, raw: dict[str, Any]) -> bool:
    """Check that the values are equal to graphql-core's. Returns whether it had to judge them."""
    defined = definitions(f"query($value: {name}{suffix}) {{ viewer {{ name }} }}")
    found = plan_variables(graphql_schema, defined)(raw)
    expected = get_variable_values(graphql_schema, defined, raw)
    if found is None:
        return True
    assert not isinstance(expected, list), expected
    assert found.coerced == expected.coerced
    assert str(found.coerced) == str(expected.coerced)  # types, and the order of fields
    assert {key: each.value for key, each in found.sources.items()} == {
        key: each.value for key, each in expected.sources.items()
    }
    return False


@settings(max_examples=80, deadline=None)
@given(
    st.sampled_from(TYPES).flatmap(lambda name: st.tuples(st.just(name), values(graphql_schema.type_map[name], JUNK))),
    st.sampled_from(["", "!"]),
)
def test_any_value_is_coerced_as_by_graphql_core(typed: tuple[str, Any], suffix: str) -> None:
    name, raw = typed
    check(name, suffix, {"value": raw})


@settings(max_examples=50, deadline=None)
@given(
    st.sampled_from(TYPES).flatmap(
        lambda name: st.tuples(st.just(name), some_value(graphql_schema.type_map[name], st.nothing()))
    )
)
def test_valid_value_is_coerced_without_graphql_core(typed: tuple[str, Any]) -> None:
    name, raw = typed
    defined = definitions(f"query($value: {name}!) {{ viewer {{ name }} }}")
    is_valid = not isinstance(get_variable_values(graphql_schema, defined, {"value": raw}), list)
    assert is_valid is not check(name, "!", {"value": raw})


@pytest.mark.parametrize(("suffix", "judged"), [("", False), ("!", True), (" = 3", False), (" = null", False)])
def test_variable_that_is_not_sent_has_its_default(suffix: str, judged: bool) -> None:
    assert check("Int", suffix, {}) is judged


def test_default_that_a_resolver_could_change_is_made_anew() -> None:
    assert check("[Int]", " = [1]", {})
    assert not check("[Int]", " = [1]", {"value": [2]})


@pytest.mark.parametrize("variant", [{}, {"user": None}, {"user": {}, "client": {"clientSystem": "x"}}])
def test_input_with_other_than_one_of_its_members_is_left_to_graphql_core(variant: dict[str, Any]) -> None:
    assert check("SessionVariantInput", "!", {"value": variant})


def test_type_within_itself_is_left_to_graphql_core() -> None:
    schema = build_schema("input Deep { deep: Deep, x: Int } type Query { f(deep: Deep): Int }")
    defined = definitions("query($deep: Deep, $x: Int) { f(deep: $deep) }")
    assert plan_variables(schema, defined)({"deep": {"x": 1}}) is None
