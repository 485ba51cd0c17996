"""Variables of a request, coerced by functions that are made once per operation.

graphql-core looks at the types of the variables again for each request. Here each type becomes a function of a value,
and anything unusual is left to graphql-core, which says what is wrong with it: 9 µs become 3.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from graphql import (
    GraphQLError,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLSchema,
    Undefined,
    VariableDefinitionNode,
    coerce_input_value,
    is_input_object_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
)
from graphql.execution import VariableValues, get_variable_values
from graphql.execution.get_variable_signature import get_variable_signature
from graphql.execution.values import VariableValueSource
from graphql.pyutils import is_iterable

from transport.executor.arguments import IMMUTABLE

Coerce: TypeAlias = Callable[[Any], Any]
"""Returns a coerced value; raises anything if graphql-core has to decide."""
CoerceVariables: TypeAlias = Callable[[Mapping[str, Any]], VariableValues | None]
"""Returns what graphql-core would; None if that has to decide."""


class Unusual(Exception):
    """A type that is not planned, or a value that graphql-core must judge."""


class _Variable(NamedTuple):
    name: str
    coerce: Coerce
    signature: Any
    omitted: VariableValues | None
    """The values if it is not sent; None if graphql-core must judge that."""


def plan_variables(schema: GraphQLSchema, definitions: Sequence[VariableDefinitionNode]) -> CoerceVariables:
    """Return a function that coerces the variables of an operation."""
    try:
        variables = [_plan(schema, definition) for definition in definitions]
    except Unusual:
        return lambda _: None

    def coerce(raw: Mapping[str, Any]) -> VariableValues | None:
        sources: dict[str, VariableValueSource] = {}
        coerced: dict[str, Any] = {}
        for name, coerce_value, signature, omitted in variables:
            value = raw.get(name, Undefined)
            if value is not Undefined:
                try:
                    coerced[name] = coerce_value(value)
                except Exception:  # graphql-core meets it again, and says what is wrong
                    return None
                sources[name] = VariableValueSource(signature, value)
            elif omitted is None:
                return None
            else:
                sources.update(omitted.sources)
                coerced.update(omitted.coerced)
        return VariableValues(sources, coerced)

    return coerce


def _plan(schema: GraphQLSchema, definition: VariableDefinitionNode) -> _Variable:
    signature = get_variable_signature(schema, definition)
    if isinstance(signature, GraphQLError):
        raise Unusual
    return _Variable(signature.name, _coercion(signature.type, ()), signature, _omitted(schema, definition))


def _omitted(schema: GraphQLSchema, definition: VariableDefinitionNode) -> VariableValues | None:
    values = get_variable_values(schema, [definition], {})
    if isinstance(values, list) or not all(isinstance(value, IMMUTABLE) for value in values.coerced.values()):
        return None
    return values


def _coercion(type_: Any, within: tuple[GraphQLInputObjectType, ...]) -> Coerce:
    """Return the function for a type that stands inside the input objects `within`."""
    if is_non_null_type(type_):
        return _required(_coercion(type_.of_type, within))
    if is_list_type(type_):
        return _list(_coercion(type_.of_type, within))
    if is_input_object_type(type_):
        if type_ in within:
            raise Unusual  # graphql-core bounds the depth of a value, which here the types must do
        return _input_object(type_, within)
    if is_leaf_type(type_):
        return _leaf(type_.coerce_input_value)
    raise Unusual


def _required(coerce: Coerce) -> Coerce:
    def coerce_required(value: Any) -> Any:
        if value is None:
            raise Unusual
        return coerce(value)

    return coerce_required


def _leaf(coerce: Coerce) -> Coerce:
    def coerce_leaf(value: Any) -> Any:
        if value is None:
            return None
        coerced = coerce(value)
        if coerced is Undefined:
            raise Unusual
        return coerced

    return coerce_leaf


def _list(coerce: Coerce) -> Coerce:
    def coerce_list(value: Any) -> Any:
        if value is None:
            return None
        if type(value) is list:
            return [coerce(item) for item in value]
        if is_iterable(value):
            raise Unusual
        return [coerce(value)]  # a list of one

    return coerce_list


def _default(name: str, field: GraphQLInputField) -> Any:
    """Return the value of a field that is not given: Undefined for none, Unusual if it must be given."""
    alone = coerce_input_value({}, GraphQLInputObjectType("Alone", {name: field}))
    return Unusual if alone is Undefined else alone.get(field.out_name or name, Undefined)


def _input_object(type_: GraphQLInputObjectType, within: tuple[GraphQLInputObjectType, ...]) -> Coerce:
    fields = [
        (name, field.out_name or name, _coercion(field.type, (*within, type_)), _default(name, field))
        for name, field in type_.fields.items()
    ]
    make = type_.out_type
    is_one_of = type_.is_one_of

    def coerce_input_object(value: Any) -> Any:
        if value is None:
            return None
        if not isinstance(value, dict):
            raise Unusual
        coerced = {}
        given = 0
        for name, out_name, coerce, default in fields:
            each = value.get(name, Undefined)
            if each is not Undefined:
                coerced[out_name] = coerce(each)
                given += 1
            elif default is Unusual:
                raise Unusual
            elif default is not Undefined:
                coerced[out_name] = default
        if given != len(value) or (is_one_of and (len(coerced) != 1 or None in coerced.values())):
            raise Unusual
        return make(coerced)

    return coerce_input_object
