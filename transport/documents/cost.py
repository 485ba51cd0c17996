"""Cost of an operation: the weight of each field, times the sizes of the lists that contain it.

Weight: `field.extensions["weight"]`, an int of 0 or more; by default 1 for objects, lists of objects and any field of a
root type, 0 for other scalars and enums, and 0 for introspection, which has its own depth limit.

Size: the value of `first` or `last`; a field with either that is not a list is a connection, and the size is that of
the lists directly under it (`nodes`, `edges`). A field with a list argument and neither of the two has the length of
that list. `field.extensions["size"]`, an int, is for lists without a size argument. Any other list counts
`Limits.default_list_size`.

    sessions(first: 500) { totalCount nodes { id project { name } } }   →   1 + 500 × (1 + 1) = 1,001

Sizes from variables are evaluated for each request; the rest is added up once per document. Each item of a list in the
variables costs 1 more.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from graphql import (
    FieldNode,
    GraphQLField,
    GraphQLOutputType,
    IntValueNode,
    ListValueNode,
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


class RequestedSize:
    """The value of `first` or `last`, or the larger of the two."""

    def __init__(self, field: GraphQLField, node: FieldNode, limits: Limits) -> None:
        self._maximum = limits.list_size
        self._default = limits.default_list_size
        arguments = {argument.name.value: argument.value for argument in node.arguments or ()}
        names = [name for name in ("first", "last") if name in field.args]
        self._sources = [(arguments.get(name), default_argument_value(field, name)) for name in names]

    def simplify(self) -> Size:
        """Return a number if no variable is involved."""
        if any(isinstance(value, VariableNode) for value, _ in self._sources):
            return self
        return self({})

    def __call__(self, variables: Variables) -> int:
        sizes = [self._read(value, fallback, variables) for value, fallback in self._sources]
        return max((size for size in sizes if size is not None), default=self._default)

    def _read(self, value: object, fallback: object, variables: Variables) -> int | None:
        if isinstance(value, VariableNode):
            value = variables.get(value.name.value, fallback)
        elif value is None:
            value = fallback
        if isinstance(value, IntValueNode):
            # A literal may have thousands of digits, which int() refuses.
            value = int(value.value) if len(value.value) < 10 else self._maximum
        # A value of another type fails in coercion later; here it counts as absent.
        return int(min(max(value, 0), self._maximum)) if isinstance(value, int | float) else None


class ArgumentSize:
    """The length of a field's list argument, or of the longest."""

    def __init__(self, values: list[ValueNode]) -> None:
        self._variables = [value.name.value for value in values if isinstance(value, VariableNode)]
        self._literal_length = max(
            (len(value.values) if isinstance(value, ListValueNode) else 1 for value in values), default=1
        )

    def simplify(self) -> Size:
        """Return a number if no variable is involved."""
        return self if self._variables else max(self._literal_length, 1)

    def __call__(self, variables: Variables) -> int:
        variable_values = (variables.get(name) for name in self._variables)
        return max(self._literal_length, *(len(value) if isinstance(value, list) else 1 for value in variable_values))


def requested_size(field: GraphQLField, node: FieldNode, limits: Limits) -> Size | None:
    """Return how many results the field requests; None if nothing specifies that."""
    if isinstance(size := field.extensions.get("size"), int):
        return size
    if "first" in field.args or "last" in field.args:  # even if absent: they have defaults
        return RequestedSize(field, node, limits).simplify()
    lists = list_arguments(field, node)
    return ArgumentSize(lists).simplify() if lists else None


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
