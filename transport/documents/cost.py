"""Cost of an operation: the weight of each field, times the sizes of the lists that contain it.

Weight: `field.extensions["weight"]`, an int of 0 or more; by default 1 for objects, lists of objects and any field of a
root type, 0 for other scalars and enums, and 0 for introspection, which has its own depth limit.

Size: the value of `first` or `last`, or without a value `field.extensions["default_size"]`, an int; a field with either
that is not a list is a connection, and the size is that of the lists directly under it (`nodes`, `edges`). A field with
a list argument and neither of the two has the length of that list. `field.extensions["size"]` is for fields without
such arguments: an int for a list, or, for an object with a list, the path to the argument's list that gives the size
(`("input", "items")`). Any other list counts `Limits.default_list_size`.

    sessions(first: 500) { totalCount nodes { id project { name } } }   →   1 + 500 × (1 + 1) = 1,001

Sizes from variables are evaluated for each request; the rest is added up once per document. Each item of a list in the
variables costs 1 more.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from graphql import (
    FieldNode,
    GraphQLField,
    GraphQLOutputType,
    IntValueNode,
    ListValueNode,
    ObjectValueNode,
    ValueNode,
    VariableNode,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
)
from graphql import get_named_type as named_type

from transport.settings import Limits

Variables: TypeAlias = Mapping[str, Any]
Size: TypeAlias = int | Callable[[Variables], int]


class CostExpression:
    """A constant, and terms that depend on variables. Shared by all spreads of a fragment."""

    __slots__ = ("constant", "terms")

    def __init__(self, constant: int = 0) -> None:
        self.constant = constant
        self.terms: list[tuple[Size, CostExpression]] = []

    def add(self, size: Size, other: "CostExpression") -> None:
        # Constants are added up at once, so that an operation without variables has no terms to evaluate.
        if isinstance(size, int) and not other.terms:
            self.constant += size * other.constant
        elif other.terms or other.constant:
            self.terms.append((size, other))

    def evaluate(self, variables: Variables) -> int:
        return evaluate_memoized(self, variables, {}) if self.terms else self.constant


def evaluate_memoized(cost: CostExpression, variables: Variables, memo: dict[int, int]) -> int:
    """Evaluate each shared expression once: evaluating each use would take exponential time."""
    result = memo.get(id(cost))
    if result is None:
        result = cost.constant
        for size, other in cost.terms:
            factor = size if isinstance(size, int) else size(variables)
            result += factor * evaluate_memoized(other, variables, memo)
        memo[id(cost)] = result
    return result


def requested_size(field: GraphQLField, node: FieldNode, limits: Limits) -> Size | None:
    """Return how many results the field requests: a function if variables decide; None if nothing specifies that."""
    match field.extensions.get("size"):
        case int(size):
            return size
        case (argument, *path):
            return input_list_size(node, argument, path)
    if "first" in field.args or "last" in field.args:  # even if absent: they have defaults
        return page_size(field, node, limits)
    lists = list_arguments(field, node)
    return argument_size(lists) if lists else None


def page_size(field: GraphQLField, node: FieldNode, limits: Limits) -> Size:
    """Return the value of `first` or `last`, or the larger of the two."""
    arguments = {argument.name.value: argument.value for argument in node.arguments or ()}
    names = [name for name in ("first", "last") if name in field.args]
    sources = [(arguments.get(name), default_argument_value(field, name)) for name in names]

    def evaluate(variables: Variables) -> int:
        sizes = [read_size(value, default, variables, limits.list_size) for value, default in sources]
        default_size = field.extensions.get("default_size", limits.default_list_size)
        return max((size for size in sizes if size is not None), default=default_size)

    return evaluate if any(isinstance(value, VariableNode) for value, _ in sources) else evaluate({})


def read_size(value: object, default: object, variables: Variables, maximum: int) -> int | None:
    if isinstance(value, VariableNode):
        value = variables.get(value.name.value, default)
    elif value is None:
        value = default
    if isinstance(value, IntValueNode):
        # A literal may have thousands of digits, which int() refuses.
        value = int(value.value) if len(value.value) < 10 else maximum
    # A value of another type fails in coercion later; here it counts as absent.
    return int(min(max(value, 0), maximum)) if isinstance(value, int | float) else None


def argument_size(values: list[ValueNode]) -> Size:
    """Return the length of the longest list argument."""
    names = [value.name.value for value in values if isinstance(value, VariableNode)]
    literal = max(len(value.values) if isinstance(value, ListValueNode) else 1 for value in values)

    def evaluate(variables: Variables) -> int:
        lists = (variables.get(name) for name in names)
        return max(literal, *(len(value) if isinstance(value, list) else 1 for value in lists))

    return evaluate if names else max(literal, 1)


def input_list_size(node: FieldNode, argument: str, path: Sequence[str]) -> Size:
    """Return the length of a list inside the value of an argument."""
    value = next((found.value for found in node.arguments or () if found.name.value == argument), None)

    def evaluate(variables: Variables) -> int:
        found = resolve_variable(value, variables)
        for name in path:
            found = resolve_variable(input_field(found, name), variables)
        if isinstance(found, ListValueNode):
            return len(found.values)
        return len(found) if isinstance(found, list) else 1

    return evaluate


def resolve_variable(value: object, variables: Variables) -> object:
    return variables.get(value.name.value) if isinstance(value, VariableNode) else value


def input_field(value: object, name: str) -> object:
    """Return a field of an input object, which is a literal or the value of a variable."""
    if isinstance(value, ObjectValueNode):
        return next((field.value for field in value.fields if field.name.value == name), None)
    return value.get(name) if isinstance(value, Mapping) else None


def list_arguments(field: GraphQLField, node: FieldNode) -> list[ValueNode]:
    return [
        argument.value
        for argument in node.arguments or ()
        if (definition := field.args.get(argument.name.value)) is not None and is_list(definition.type)
    ]


def field_weight(field: GraphQLField, *, is_root: bool) -> int:
    weight = field.extensions.get("weight")
    if isinstance(weight, int):
        return weight
    return 0 if is_leaf_type(named_type(field.type)) and not is_root else 1


def is_list(type_: Any) -> bool:
    return is_list_type(type_.of_type if is_non_null_type(type_) else type_)


def list_depth(type_: GraphQLOutputType) -> int:
    """Return the levels of nested lists."""
    depth = 0
    inner: Any = type_
    while (wrapped := getattr(inner, "of_type", None)) is not None:
        depth += is_list_type(inner)
        inner = wrapped
    return depth


def default_argument_value(field: GraphQLField, name: str) -> object:
    argument = field.args[name]
    if argument.default is None:
        return argument.default_value
    return argument.default.value if argument.default.literal is None else argument.default.literal
