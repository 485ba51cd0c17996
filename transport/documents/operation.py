"""Operations of valid documents, with the checks that depend on the variables of a request."""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final, TypeAlias

import orjson
from graphql import (
    DocumentNode,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    get_named_type,
    is_input_object_type,
    is_list_type,
    is_non_null_type,
)

from transport.documents.cost import CostExpression
from transport.errors import Code, RequestError, bad_request, make_error, too_complex
from transport.executor import OperationPlans
from transport.settings import Limits

ListFields: TypeAlias = Mapping[str, Mapping[str, GraphQLInputType]]
"""By the name of an input type, its fields that are lists or contain lists."""


class Work(IntEnum):
    """Class of an operation by its priority: an overloaded server refuses the lower ones first."""

    HEAVY = 0
    """New subscriptions, and queries that cost more than `Limits.short_cost`."""
    SHORT = 1
    """Other queries."""
    MUTATION = 2


NOT_ACCEPTABLE: Final = "Accept must allow application/graphql-response+json or application/json."


@dataclass(frozen=True, slots=True)
class Delivery:
    """The operations and results that the transport of a request can carry."""

    single: bool = True
    deferred: bool = True
    """Results in parts, as @defer asks for them."""
    subscription: bool = True
    mutation: bool = True
    """False for GET."""

    def check(self, operation: "Operation") -> None:
        """Raise RequestError if the transport cannot carry the operation or its result."""
        if operation.type is OperationType.SUBSCRIPTION:
            if not self.subscription:
                message = "A subscription has more than one result: it needs a transport that streams."
                raise RequestError([make_error(Code.OPERATION_RESOLUTION_FAILURE, message)])
        elif not (self.single or (self.deferred and operation.may_defer)):
            raise bad_request(NOT_ACCEPTABLE, status=406)
        elif operation.type is OperationType.MUTATION and not self.mutation:
            raise bad_request("A mutation must be sent by POST.", status=405, headers=(("allow", "POST"),))


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a valid document, ready to run."""

    document: DocumentNode
    node: OperationDefinitionNode
    text: str
    name: str | None
    type: OperationType
    type_name: str
    """`query`, `mutation` or `subscription`: the value of the enum, which takes two calls to read."""
    introspects: bool
    shareable: bool
    """Whether it is a query that shows nothing of its client but what its access permits."""
    cost: CostExpression
    defaults: Mapping[str, Any]
    """Default values of its variables, where its cost depends on variables."""
    list_variables: Mapping[str, GraphQLInputType]
    """Types of its variables that are lists or contain lists."""
    list_fields: ListFields
    limits: Limits
    may_defer: bool
    root_argument_variables: Mapping[str, frozenset[str]]
    """Of a subscription: variables used only as arguments of the root field, with the names of these arguments."""
    plans: OperationPlans

    def work(self, cost: int) -> Work:
        if self.type is OperationType.MUTATION:
            return Work.MUTATION
        return Work.SHORT if self.type is OperationType.QUERY and cost <= self.limits.short_cost else Work.HEAVY

    def check_variables(self, variables: Mapping[str, Any]) -> int:
        """Return the cost of the operation. Raises RequestError with QUERY_TOO_COMPLEX if it is too much.

        The executor reads every item of a list before a resolver can object, so each item costs 1.
        """
        cost = 0
        for name, type_ in self.list_variables.items():
            if (value := variables.get(name)) is not None:
                cost += count_items(value, type_, self.list_fields, self.limits)
        cost += self.cost.evaluate({**self.defaults, **variables}) if self.cost.terms else self.cost.constant
        if cost > self.limits.cost:
            raise too_complex("cost", self.limits.cost, cost)
        return cost


class PreparedDocument:
    """The operations of a valid document."""

    def __init__(self, operations: list[Operation], tokens: int) -> None:
        self._operations = {operation.name: operation for operation in operations}
        self._single = operations[0] if len(operations) == 1 else None
        self.operation_names = [operation.name for operation in operations]
        self.tokens = tokens

    def select_operation(self, name: str | None) -> Operation:
        """Return the named operation, or the only one where `name` is None."""
        if name is None:
            if self._single is None:
                raise unknown_operation("The document has several operations: operationName must name one of them.")
            return self._single
        if (found := self._operations.get(name)) is None:
            raise unknown_operation("The document has no operation of the name in operationName.")
        return found


def unknown_operation(message: str) -> RequestError:
    return RequestError([make_error(Code.OPERATION_RESOLUTION_FAILURE, message)], well_formed=True)


def find_list_fields(schema: GraphQLSchema) -> ListFields:
    """Find the input types that contain lists, directly or not. Input types may refer to one another in cycles."""
    types = [type_ for type_ in schema.type_map.values() if isinstance(type_, GraphQLInputObjectType)]
    list_fields: dict[str, dict[str, GraphQLInputType]] = {}
    changed = True
    while changed:  # a type may contain lists only through a type further on
        changed = False
        for input_type in types:
            field_types = {name: field.type for name, field in input_type.fields.items()}
            fields = {name: type_ for name, type_ in field_types.items() if contains_list(type_, list_fields)}
            if len(fields) > len(list_fields.get(input_type.name, ())):
                list_fields[input_type.name] = fields
                changed = True
    return list_fields


def contains_list(type_: GraphQLInputType, list_types: Iterable[str]) -> bool:
    return is_list_type(unwrap_non_null(type_)) or get_named_type(type_).name in list_types


def count_items(value: Any, type_: GraphQLInputType, list_fields: ListFields, limits: Limits) -> int:
    """Count the items of all lists that the schema declares in the value of a variable; arrays in scalars are not.

    Raises RequestError if one list is too long, or all together.
    """
    count = 0
    # A stack in place of recursion: the nesting of variables is the client's.
    stack: list[tuple[Any, GraphQLInputType]] = [(value, type_)]
    while stack:
        value, declared_type = stack.pop()
        declared_type = unwrap_non_null(declared_type)
        if is_list_type(declared_type):
            items = value if isinstance(value, list) else [value]  # GraphQL coerces a single value to a list of one
            count += len(items)
            if len(items) > limits.list_size:
                raise too_complex("list size", limits.list_size, len(items))
            if count > limits.cost:
                raise too_complex("cost", limits.cost)
            if contains_list(declared_type.of_type, list_fields):
                stack.extend((item, declared_type.of_type) for item in items)
        elif is_input_object_type(declared_type) and isinstance(value, dict):
            fields = list_fields[declared_type.name]
            stack.extend((value[name], field) for name, field in fields.items() if value.get(name) is not None)
    return count


def variables_key(variables: Mapping[str, Any]) -> Hashable:
    """Return a key that is equal for equal variables."""
    try:
        # Decoded: orjson's bytes keep the 4 KB that they were written to, and each subscriber keeps two keys.
        return orjson.dumps(variables, option=orjson.OPT_SORT_KEYS).decode()
    except TypeError:
        return object()  # an uploaded file equals no other


def unwrap_non_null(type_: Any) -> Any:
    return type_.of_type if is_non_null_type(type_) else type_
