"""Generated documents with variables, valid for any schema."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    Undefined,
    get_named_type,
    is_composite_type,
    is_leaf_type,
    is_required_argument,
)
from graphql.utilities import do_types_overlap

from tests.bad_inputs.schema_values import JSON_VALUES

MakeValue = Callable[[Random, str, Any], Any]
"""Makes a client's value for an argument: a function of its coordinate and type. `Undefined` omits an optional one."""


@dataclass
class Document:
    text: str
    variables: dict[str, Any]

    @property
    def is_plannable(self) -> bool:
        # null for a condition with a default is an error, but only where the condition is met.
        conditions = [value for name, value in self.variables.items() if name.startswith("b")]
        return "@defer" not in self.text and None not in conditions


@dataclass(frozen=True)
class Shape:
    """How large and how odd documents are."""

    depth: int = 4
    sizes: tuple[int, ...] = (3, 8, 15, 30, 60)
    """How many selections, about."""
    selections: int = 5
    directives: float = 0.12
    fragments: float = 0.3
    aliases: float = 0.15
    clashes: float = 0.03
    """Aliases that other fields may have as well: valid where the parents differ and the types agree."""
    variables: float = 0.5
    """Of arguments: by variable rather than literal."""
    wrong: float = 0.02
    """Of variables: with a value of any type."""
    defer: float = 0.0
    introspection: float = 0.01
    operation_directive: str = ""


NAMES: Final = ("path", "source", "run", "result", "value", "item", "items", "index", "class", "None", "plain", "_")
"""Aliases that could have another meaning in a program."""
BOOLEAN_VARIABLES: Final = 4


def literal(value: Any, type_: Any) -> str:
    """Print a client's value as GraphQL."""
    named = get_named_type(type_)
    if isinstance(value, VariableReference):
        return value.name
    if isinstance(value, list):
        return f"[{', '.join(literal(each, named) for each in value)}]"
    if isinstance(value, dict):
        fields = named.fields if isinstance(named, GraphQLInputObjectType) else {}
        types = {name: field.type for name, field in fields.items()}
        return f"{{{', '.join(f'{name}: {literal(each, types.get(name))}' for name, each in value.items())}}}"
    return value if isinstance(named, GraphQLEnumType) and isinstance(value, str) else json.dumps(value)


@dataclass(frozen=True)
class VariableReference:
    name: str


@dataclass
class _Names:
    """What stands behind each response name, so that fields of one name can be merged."""

    meanings: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def find(self, wanted: str, meaning: tuple[str, ...]) -> str:
        number, name = 0, wanted
        while self.meanings.setdefault(name, meaning) != meaning:
            number += 1
            name = f"{wanted}_{number}"
        return name


class DocumentGenerator:
    """Generates one operation with its fragments and variables."""

    def __init__(self, schema: GraphQLSchema, random: Random, make_value: MakeValue, shape: Shape) -> None:
        self._schema = schema
        self._random = random
        self._make_value = make_value
        self._shape = shape
        self._names = _Names()
        self._budget = random.choice(shape.sizes)
        self._declarations: dict[str, str] = {}
        self._fragments: dict[str, tuple[Any, str]] = {}
        """Type and definition by name."""
        self._arguments: dict[tuple[str, str], str] = {}
        """Of a field, where they are repeated, so that its selections are merged."""
        self.variables: dict[str, Any] = {}
        self._composite = [
            type_ for type_ in schema.type_map.values() if is_composite_type(type_) and not type_.name.startswith("__")
        ]

    def generate(self, operation: str, root: GraphQLObjectType, fields: list[str] | None = None) -> Document:
        """Generate an operation; `fields`: its root fields, one of them for a subscription."""
        if fields is None:
            selections = self._selection_set(root, self._shape.depth)
        else:
            selections = f"{{ {' '.join(self._field(root, name, self._shape.depth) for name in fields)} }}"
        declared = ", ".join(f"${name}: {declaration}" for name, declaration in self._declarations.items())
        head = f"{operation} Generated({declared})" if declared else f"{operation} Generated"
        definitions = [definition for _, definition in self._fragments.values()]
        directive = self._shape.operation_directive
        return Document("\n".join([f"{head}{directive} {selections}", *definitions]), self.variables)

    def _chance(self, probability: float) -> bool:
        return self._random.random() < probability

    def _selection_set(self, type_: Any, depth: int) -> str:
        count = self._random.randint(1, self._shape.selections)
        if self._budget <= 0:
            count, depth = 1, 0
        self._budget -= count
        return f"{{ {' '.join(self._selection(type_, depth) for _ in range(count))} }}"

    def _selection(self, type_: Any, depth: int) -> str:
        if type_ is self._schema.query_type and self._chance(self._shape.introspection):
            return self._introspection()
        if depth > 0 and self._chance(self._shape.fragments):
            return self._fragment(type_, depth - 1)
        fields = [] if isinstance(type_, GraphQLUnionType) else self._fields(type_, depth)
        if not fields or self._chance(0.08):
            # Not merged with fields of a type that happens to have this name.
            alias = f"kind{self._random.randint(0, 1)}: " if self._chance(self._shape.aliases) else ""
            return f"{alias}__typename{self._conditions()}"
        return self._field(type_, self._random.choice(fields), depth)

    def _introspection(self) -> str:
        names = self._random.choices([*self._schema.type_map, "Nothing"], k=2)
        types = (
            f'type_{name}: __type(name: "{name}") {self._selection_set(self._schema.type_map["__Type"], 2)}'
            for name in names
        )
        return f"{' '.join(types)} __schema {self._selection_set(self._schema.type_map['__Schema'], 2)}"

    def _fields(self, type_: GraphQLObjectType | GraphQLInterfaceType, depth: int) -> list[str]:
        return [name for name, each in type_.fields.items() if depth > 0 or is_leaf_type(get_named_type(each.type))]

    def _field(self, parent: Any, name: str, depth: int) -> str:
        definition: GraphQLField = parent.fields[name]
        arguments = self._field_arguments(parent, name, definition)
        prefix = self._alias(name, definition, arguments)
        named = get_named_type(definition.type)
        selections = "" if is_leaf_type(named) else f" {self._selection_set(named, depth - 1)}"
        return f"{prefix}{name}{arguments}{self._conditions()}{selections}"

    def _alias(self, name: str, definition: GraphQLField, arguments: str) -> str:
        if self._chance(self._shape.clashes):
            return f"x{self._random.randint(0, 1)}: "
        wanted = name
        if self._chance(self._shape.aliases):
            wanted = self._random.choice((f"{name}_", f"item_{name}", *NAMES))
        found = self._names.find(wanted, (name, str(definition.type), arguments))
        return "" if found == name else f"{found}: "

    def _field_arguments(self, parent: Any, name: str, definition: GraphQLField) -> str:
        if not definition.args:
            return ""
        coordinate = (str(definition.type), name)
        if coordinate in self._arguments and self._chance(0.5):
            return self._arguments[coordinate]
        values = {
            argument: self._make_value(self._random, f"{parent}.{name}.{argument}", each.type)
            for argument, each in definition.args.items()
            if is_required_argument(each) or self._chance(0.4)
        }
        given = [
            f"{argument}: {self._argument(value, definition.args[argument])}"
            for argument, value in values.items()
            if value is not Undefined
        ]
        self._arguments[coordinate] = f"({', '.join(given)})" if given else ""
        return self._arguments[coordinate]

    def _argument(self, value: Any, argument: GraphQLArgument) -> str:
        if self._chance(self._shape.variables):
            return self._variable(value, argument.type, has_default=argument.default_value is not Undefined)
        return literal(self._with_variables(value, argument.type), argument.type)

    def _with_variables(self, value: Any, type_: Any) -> Any:
        """Replace some fields of an input object by variables."""
        named = type_.of_type if isinstance(type_, GraphQLNonNull) else type_
        if not isinstance(named, GraphQLInputObjectType) or not isinstance(value, dict) or named.is_one_of:
            return value
        return {
            name: VariableReference(self._variable(each, named.fields[name].type, has_default=False))
            if self._chance(0.2)
            else self._with_variables(each, named.fields[name].type)
            for name, each in value.items()
        }

    def _variable(self, value: Any, type_: Any, *, has_default: bool) -> str:
        """Declare a variable that may stand where a value of the type may. It has the value, its default, or none."""
        name = f"v{len(self._declarations)}"
        nullable = type_.of_type if isinstance(type_, GraphQLNonNull) else type_
        is_required = isinstance(type_, GraphQLNonNull)
        declaration = str(type_)
        if not is_required and value is not None and self._chance(0.3):
            declaration, is_required = f"{type_}!", True
        elif is_required and value is not None and self._chance(0.15):
            # Valid by its default, or by that of the argument; null fails at the argument.
            declaration = str(nullable) if has_default else f"{nullable} = {literal(value, nullable)}"
            is_required = False
        elif value is not None and self._chance(0.2):
            declaration, is_required = f"{type_} = {literal(value, type_)}", False
        self._declarations[name] = declaration
        if is_required or self._chance(0.75):
            self.variables[name] = value
        elif not isinstance(type_, GraphQLNonNull) and self._chance(0.3):
            self.variables[name] = None
        if self._chance(self._shape.wrong):
            self.variables[name] = self._random.choice([*JSON_VALUES, {"count": 1, "unknown": 2}, [1, "x", None]])
        return f"${name}"

    def _fragment(self, type_: Any, depth: int) -> str:
        kind = self._random.random()
        if kind < 0.15:
            return f"...{self._conditions()}{self._defer()} {self._selection_set(type_, depth)}"
        overlapping = [each for each in self._composite if do_types_overlap(self._schema, type_, each)]
        condition = self._random.choice(overlapping or [type_])
        if kind < 0.6:
            return f"... on {condition}{self._conditions()}{self._defer()} {self._selection_set(condition, depth)}"
        existing = [name for name, (on, _) in self._fragments.items() if on in overlapping]
        if existing and self._chance(0.5):
            name = self._random.choice(existing)
        else:
            name = self._define_fragment(condition, depth)
        return f"...{name}{self._conditions()}{self._defer()}"

    def _define_fragment(self, condition: Any, depth: int) -> str:
        # Named and kept only when it is complete: so it cannot spread itself.
        selections = self._selection_set(condition, depth)
        name = f"F{len(self._fragments)}"
        self._fragments[name] = (condition, f"fragment {name} on {condition} {selections}")
        return name

    def _conditions(self) -> str:
        return "".join(self._condition()) if self._chance(self._shape.directives) else ""

    def _condition(self) -> Iterator[str]:
        names = self._random.choice([["include"], ["skip"], ["include", "skip"]])
        for name in names:
            value = self._random.choice(["true", "false"]) if self._chance(0.3) else self._boolean_variable()
            yield f" @{name}(if: {value})"

    def _boolean_variable(self) -> str:
        name = f"b{self._random.randint(1, BOOLEAN_VARIABLES)}"
        if name not in self._declarations:
            self._declarations[name] = self._random.choice(
                ["Boolean!", "Boolean!", "Boolean! = true", "Boolean! = false", "Boolean = true"]
            )
            if "=" not in self._declarations[name] or self._chance(0.5):
                self.variables[name] = self._chance(0.5)
            elif self._declarations[name] == "Boolean = true" and self._chance(0.2):
                self.variables[name] = None  # fails where it is used
        return f"${name}"

    def _defer(self) -> str:
        if not self._chance(self._shape.defer):
            return ""
        return self._random.choice([" @defer", " @defer(if: false)", f" @defer(if: {self._boolean_variable()})"])
