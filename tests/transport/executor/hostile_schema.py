"""Generated schemas in which everything that an executor may meet occurs."""

from collections.abc import Callable
from operator import attrgetter
from typing import Any, Final

from graphql import (
    GraphQLArgument,
    GraphQLBoolean,
    GraphQLDeferDirective,
    GraphQLEnumType,
    GraphQLField,
    GraphQLFloat,
    GraphQLID,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInt,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLString,
    GraphQLUnionType,
    Undefined,
    specified_directives,
)
from graphql.type.directives import GraphQLDisableErrorPropagationDirective

from tests.transport.executor.completion_order import keyed_random
from tests.transport.executor.hostile_values import coerce_odd_input, coerce_odd_output
from tests.transport.executor.hostile_world import (
    World,
    resolve,
    resolve_is_type_of,
    resolve_type,
    resolve_type_name,
)
from transport.executor.extensions import ATTRIBUTE, READ, READS, TYPE_NAME

ODD: Final = GraphQLScalarType("Odd", coerce_output_value=coerce_odd_output, coerce_input_value=coerce_odd_input)
JSON: Final = GraphQLScalarType("Json")
COLOR: Final = GraphQLEnumType("Color", {name: name for name in ("RED", "GREEN", "BLUE")})
LEVEL: Final = GraphQLEnumType("Level", {"LOW": 1, "HIGH": "high", "RED": ("r", 2), "TRUE": True})
SMALL: Final = GraphQLInputObjectType(
    "Small",
    {
        "count": GraphQLInputField(GraphQLNonNull(GraphQLInt), default_value=3),
        "level": GraphQLInputField(LEVEL, out_name="the_level"),
        "odd": GraphQLInputField(ODD),
    },
)
LARGE: Final = GraphQLInputObjectType(
    "Large",
    {
        "small": GraphQLInputField(SMALL),
        "smalls": GraphQLInputField(GraphQLList(GraphQLNonNull(SMALL))),
        "words": GraphQLInputField(GraphQLList(GraphQLString), default_value=["a", None]),
        "needed": GraphQLInputField(GraphQLNonNull(GraphQLString)),
    },
)
ONE: Final = GraphQLInputObjectType(
    "One", {"number": GraphQLInputField(GraphQLInt), "small": GraphQLInputField(SMALL)}, is_one_of=True
)

LEAVES: Final = (
    GraphQLInt,
    GraphQLInt,
    GraphQLFloat,
    GraphQLFloat,
    GraphQLString,
    GraphQLBoolean,
    GraphQLID,
    ODD,
    JSON,
    COLOR,
    LEVEL,
)
INPUTS: Final = (*LEAVES, SMALL, LARGE, ONE)


INTERFACES: Final[list[list[str]]] = [[], ["Node"], ["Node"], ["Node", "Named"]]


class HostileSchema:
    """A schema made from a seed. The resolvers take what they return from the `World` in the context.

    A field's name determines its type in all types that have it, except that an object may promise non-null where its
    interface does not.
    """

    def __init__(self, seed: int) -> None:
        self.random = keyed_random("schema", str(seed))
        self._interfaces = [self._interface("Node", []), self._interface("Named", ["Node"])]
        self._objects = [self._object(f"T{number}") for number in range(5)]
        self._unions = [self._union("Any", self._objects), self._union("Some", self._objects[:2])]
        self._pool = self._make_pool()
        self._interface_fields = {
            "Node": self._sample(3),
            "Named": [],
        }
        self._interface_fields["Named"] = [*self._interface_fields["Node"], *self._sample(2)]
        self.mutation = GraphQLObjectType("Mutation", lambda: self._root_fields(6))
        self.schema = GraphQLSchema(
            GraphQLObjectType("Query", lambda: self._root_fields(10)),
            self.mutation,
            GraphQLObjectType("Subscription", lambda: self._root_fields(4)),
            types=[*self._objects, SMALL, LARGE, ONE],
            directives=[*specified_directives, GraphQLDeferDirective, GraphQLDisableErrorPropagationDirective],
        )

    def _chance(self, probability: float) -> bool:
        return self.random.random() < probability

    def _interface(self, name: str, parents: list[str]) -> GraphQLInterfaceType:
        type_ = GraphQLInterfaceType(
            name,
            lambda: {each: self._field(each, self._pool[each]) for each in self._interface_fields[name]},
            interfaces=lambda: [each for each in self._interfaces if each.name in parents],
        )
        self._make_abstract(type_)
        return type_

    def _union(self, name: str, members: list[GraphQLObjectType]) -> GraphQLUnionType:
        type_ = GraphQLUnionType(name, members)
        self._make_abstract(type_)
        return type_

    def _make_abstract(self, type_: Any) -> None:
        kind = self.random.choice(["resolve_type", "type_name", "type_name", "default"])
        if kind != "default":
            type_.resolve_type = resolve_type if kind == "resolve_type" else resolve_type_name
        if kind == "type_name":
            type_.extensions[TYPE_NAME] = resolve_type_name
            if self._chance(0.5):
                type_.extensions[READS] = frozenset({"typename"})

    def _object(self, name: str) -> GraphQLObjectType:
        interfaces = ["Node", "Named"] if name == "T0" else self.random.choice(INTERFACES)
        style = self.random.choice(["row", "row", "row", "dict"])
        type_ = GraphQLObjectType(
            name,
            lambda: self._object_fields(interfaces, style),
            interfaces=lambda: [each for each in self._interfaces if each.name in interfaces],
        )
        type_.extensions["style"] = style
        if self._chance(0.3):
            type_.is_type_of = resolve_is_type_of(type_.name)
        return type_

    def _object_fields(self, interfaces: list[str], style: str) -> dict[str, GraphQLField]:
        own = [name for each in interfaces for name in self._interface_fields[each]]
        names = dict.fromkeys([*own, *self._sample(5)])
        return {name: self._field(name, self._narrow(self._pool[name]), style) for name in names}

    def _narrow(self, field: GraphQLField) -> GraphQLField:
        """Sometimes promise more than the interface does."""
        if isinstance(field.type, GraphQLNonNull) or not self._chance(0.05):
            return field
        return GraphQLField(GraphQLNonNull(field.type), field.args)

    def _root_fields(self, count: int) -> dict[str, GraphQLField]:
        return {name: self._field(name, self._pool[name]) for name in self._sample(count, composite=0.7)}

    def _sample(self, count: int, composite: float = 0.4) -> list[str]:
        names = sorted(self._pool)
        composites, leaves = [n for n in names if n[0].isupper()], [n for n in names if n[0].islower()]
        return [self.random.choice(composites if self._chance(composite) else leaves) for _ in range(count)]

    def _make_pool(self) -> dict[str, GraphQLField]:
        """Make the fields that types choose from; those of composite types begin with a capital."""
        composites: list[Any] = [*self._interfaces, *self._unions, *self._objects]
        pool = {}
        for number in range(14):
            type_ = self.random.choice(LEAVES)
            pool[f"{type_.name.lower()}{number}"] = GraphQLField(self._wrapped(type_), self._arguments())
        for number in range(12):
            type_ = self.random.choice(composites)
            pool[f"{type_.name}_{number}"] = GraphQLField(self._wrapped(type_), self._arguments())
        return pool

    def _wrapped(self, type_: Any) -> Any:
        """Wrap in lists and non-null at any place."""
        required = 0.25
        if self._chance(required):
            type_ = GraphQLNonNull(type_)
        for _ in range(self.random.choice([0, 0, 0, 1, 1, 2])):
            type_ = GraphQLList(type_)
            if self._chance(required):
                type_ = GraphQLNonNull(type_)
        return type_

    def _arguments(self) -> dict[str, GraphQLArgument]:
        if not self._chance(0.3):
            return {}
        return {f"a{number}": self._argument(number) for number in range(self.random.randint(1, 2))}

    def _argument(self, number: int) -> GraphQLArgument:
        type_: Any = self.random.choice(INPUTS)
        default: Any = Undefined
        if type_ is GraphQLInt and self._chance(0.6):
            default = 7
        if self._chance(0.3):
            type_ = GraphQLNonNull(type_)
        if default is Undefined and self._chance(0.2):
            type_ = GraphQLList(type_)
        out_name = f"argument_{number}" if self._chance(0.3) else None
        return GraphQLArgument(type_, default_value=default, out_name=out_name)

    def _field(self, name: str, model: GraphQLField, style: str = "row") -> GraphQLField:
        """Make a field that is resolved in one of the ways there are."""
        field = GraphQLField(model.type, dict(model.args))
        kind = self.random.choice(["default", "resolve", "resolve", "read", "read", "attribute", "attribute"])
        if kind in {"read", "attribute"} and model.args:
            kind = "resolve"
        if kind == "attribute" and style == "dict":
            kind = "default"
        if kind == "resolve":
            field.resolve = resolver(name)
        elif kind == "read":
            field.extensions[READ] = reader(name)
            field.resolve = lambda source, info, read=field.extensions[READ]: read(source, info.context)
        elif kind == "attribute":
            get = attrgetter(f"stored_{name}")
            field.extensions[ATTRIBUTE] = f"stored_{name}"
            field.resolve = lambda source, _info: get(source)
        if kind in {"read", "resolve"} and self._chance(0.4):
            field.extensions[READS] = frozenset({f"stored_{name}"})
        return field


def resolver(name: str) -> Callable[..., Any]:
    return lambda source, info, **arguments: resolve(source, info, name, arguments)


def reader(name: str) -> Callable[[Any, World], Any]:
    return lambda source, world: world.read(source, name)
