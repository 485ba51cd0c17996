"""Arguments of a planned field: what the document fixes is coerced once, variables are looked up."""

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, Final, TypeAlias

from graphql import (
    FieldNode,
    GraphQLError,
    GraphQLField,
    ListValueNode,
    ObjectValueNode,
    Undefined,
    VariableNode,
    is_non_null_type,
    is_required_argument,
)
from graphql.execution import VariableValues, get_argument_values

Arguments: TypeAlias = Callable[[VariableValues], Mapping[str, Any]]
"""Returns the arguments of a field for the variables of a request. Raises what graphql-core raises."""

_NO_VARIABLES: Final = VariableValues({}, {})
IMMUTABLE: Final = (str, int, float, bool, type(None), Enum)
"""Types of values that requests may have in common; not lists and dicts: a resolver may change those it is given."""


def plan_arguments(definition: GraphQLField, node: FieldNode, *, hide_suggestions: bool) -> Arguments | None:
    """Return a function that finds the arguments of a field; None if it has none."""
    if not (definition.args or node.arguments):
        return None

    def coerce(variables: VariableValues) -> Mapping[str, Any]:
        return get_argument_values(definition, node, variables, None, hide_suggestions)

    given = {argument.name.value: argument.value for argument in node.arguments or ()}
    variables = {name: value.name.value for name, value in given.items() if isinstance(value, VariableNode)}
    entries: list[tuple[str, str | None, Any, bool]] = []
    for name, argument in definition.args.items():
        out_name, variable = argument.out_name or name, variables.get(name)
        value = _value_without_variables(definition, name, node)
        if not (value is Undefined or isinstance(value, IMMUTABLE)):
            return coerce
        entries.append((out_name, variable, value, is_non_null_type(argument.type)))
    if not variables:
        fixed = {name: value for name, _, value, _ in entries if value is not Undefined}
        return lambda _: fixed

    def look_up(values: VariableValues) -> Mapping[str, Any]:
        coerced, found = values.coerced, {}
        for name, variable, default, required in entries:
            value = default if variable is None else coerced.get(variable, default)
            if required and (value is None or value is Undefined):
                return coerce(values)  # and say what is wrong
            if value is not Undefined:
                found[name] = value
        return found

    return look_up


def _value_without_variables(definition: GraphQLField, name: str, node: FieldNode) -> Any:
    """Return the coerced literal of an argument, or its default; Undefined if it has neither.

    A list where the literal has parts, which may be variables, or where graphql-core refuses it.
    """
    argument = definition.args[name]
    literals = [
        each for each in node.arguments or () if each.name.value == name and not isinstance(each.value, VariableNode)
    ]
    if any(isinstance(each.value, ListValueNode | ObjectValueNode) for each in literals):
        return []
    if not literals and is_required_argument(argument):
        return Undefined
    single = GraphQLField(definition.type, {name: argument})
    try:
        values = get_argument_values(single, FieldNode(name=node.name, arguments=tuple(literals)), _NO_VARIABLES)
    except GraphQLError:
        return []
    return values.get(argument.out_name or name, Undefined)
