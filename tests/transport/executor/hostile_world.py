"""What resolvers return in a hostile schema: mostly what they should, sometimes anything else.

Values are made when they are read. What a value is follows from the seed and its key, the path of fields, arguments and
indices that leads to it, and not from what an executor read before.
"""

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from graphql import (
    GraphQLEnumType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLScalarType,
    GraphQLSchema,
    Undefined,
    get_named_type,
    is_abstract_type,
)

from tests.transport.executor.completion_order import CompletionOrder, keyed_random
from tests.transport.executor.hostile_values import (
    NEARLY_RIGHT,
    WRONG_VALUES,
    AsyncItems,
    AwaitableObject,
    OddValue,
    make_error,
    raise_error,
)
from transport.executor.selection import selected_attributes

ITEMS: Final = (0, 1, 1, 2, 2, 3)


@dataclass(frozen=True)
class Mood:
    """How often values are not as they should be, and how they arrive."""

    hostile: float = 0.03
    awaitable: float = 0.15
    unusual_lists: float = 0.15
    nearly_right: float = 0.0
    """Of leaves: alone, since graphql-core, which repeats what has failed, would hide others."""


class Selected(NamedTuple):
    """Which attributes of rows are read, as look-ahead gives them to a resolver."""

    attributes: frozenset[str] | None = None
    """None: all."""
    below: Mapping[str, frozenset[str] | None] = MappingProxyType({})
    """Those of the rows in a field of the rows, by its name."""


ALL: Final = Selected()


class Row:
    """An object of the application, with the attributes of its type. `__typename` serves graphql-core's default."""

    __slots__ = ("__typename", "key", "kind", "selected", "selected_below", "world")

    def __init__(self, world: "World", key: str, kind: str, selected: "Selected") -> None:
        self.world = world
        self.key = key
        self.kind = kind
        self.selected, self.selected_below = selected
        self.__typename = kind

    def check_selected(self, name: str) -> None:
        """Raise AttributeError for an attribute that was not read."""
        if self.selected is not None and name not in self.selected:
            raise AttributeError(f"{name} was not selected")

    @property
    def typename(self) -> str:
        self.check_selected("typename")
        return self.kind

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        self.check_selected(name)
        return self.world.attribute(self, name.removeprefix("stored_"), is_stored=name.startswith("stored_"))

    def __repr__(self) -> str:
        return f"<{self.key}>"


def typename_of(value: Any) -> str | None:
    if isinstance(value, Row):
        return value.kind
    return value.get("__typename") if isinstance(value, dict) else None


def _selected_in(source: Any, name: str) -> Selected:
    return Selected(source.selected_below.get(name)) if isinstance(source, Row) else ALL


def key_of(value: Any) -> str:
    if isinstance(value, Row):
        return value.key
    return str(value["#key"]) if isinstance(value, dict) and "#key" in value else "?"


@dataclass
class World:
    """The values of one execution."""

    schema: GraphQLSchema
    seed: str
    mood: Mood
    tamed: frozenset[str] = frozenset()
    """Keys that are as they should be."""
    reads: Counter[str] = field(default_factory=Counter)
    """How often resolvers were called, by key."""
    writes: Counter[str] = field(default_factory=Counter)
    """How often those of mutations were called."""
    oddities: dict[str, str] = field(default_factory=dict)
    """What was not as it should be, by key."""

    def __post_init__(self) -> None:
        self.order = CompletionOrder(self.seed)

    # What resolvers do

    def resolve(self, source: Any, name: str, info: GraphQLResolveInfo[Any], arguments: Mapping[str, Any]) -> Any:
        selected = self._select(info, source) if self._random(f"{name}#selects").random() < 0.5 else ALL
        key = self._call(source, name, arguments)
        if info.parent_type is self.schema.mutation_type:
            # Side effects: what a mutation returns shows how many ran before.
            self.writes[key] += 1
            key = f"{key}#{self.writes.total()}"
        return self.make(info.return_type, key, selected=selected)

    def _select(self, info: GraphQLResolveInfo[Any], source: Any) -> Selected:
        """Look ahead, one level or two."""
        fields = getattr(get_named_type(info.return_type), "fields", {})
        below = {name: selected_attributes(info, name) for name in fields if name[0].isupper()}
        return Selected(_selected_in(source, info.field_name).attributes or selected_attributes(info), below)

    def read(self, source: Any, name: str) -> Any:
        return self._field(source, name, plain_items=True)

    def attribute(self, row: Row, name: str, *, is_stored: bool) -> Any:
        definition = self._definition(row, name)
        if definition is None:
            raise AttributeError(name)
        if definition.args or (not is_stored and self._random(f"{row.key}.{name}#callable").random() < 0.2):
            return self._method(row, name)
        return self._field(row, name, plain_items=is_stored)

    def _method(self, source: Any, name: str) -> Callable[..., Any]:
        return lambda info, **arguments: self.resolve(source, name, info, arguments)

    def _field(self, source: Any, name: str, *, plain_items: bool) -> Any:
        key = self._call(source, name, {})
        definition = self._definition(source, name)
        if definition is None:  # no object of this type
            raise_error(self._random(key), key)
        selected = _selected_in(source, name)
        return self.make(definition.type, key, plain_items=plain_items, selected=selected)

    def _call(self, source: Any, name: str, arguments: Mapping[str, Any]) -> str:
        shown = ", ".join(f"{argument}={value!r}" for argument, value in sorted(arguments.items()))
        key = f"{key_of(source)}.{name}({shown})" if arguments else f"{key_of(source)}.{name}"
        self.reads[key] += 1
        if isinstance(source, Row):
            source.check_selected(f"stored_{name}")
        return key

    def _definition(self, source: Any, name: str) -> Any:
        type_ = self.schema.get_type(typename_of(source) or "")
        return type_.fields.get(name) if isinstance(type_, GraphQLObjectType) else None

    # Values

    def _random(self, key: str) -> Random:
        return keyed_random(self.seed, key)

    def is_odd(self, key: str, how: str, probability: float) -> bool:
        """Whether a value is not as it should be, in this way."""
        key = f"{key}#{how}"
        if key in self.tamed or self._random(key).random() >= probability:
            return False
        self.oddities[key] = how
        return True

    def make(self, type_: Any, key: str, *, plain_items: bool = False, selected: Selected = ALL) -> Any:
        """Make a value of a type, perhaps awaitable; or raise."""
        if self.is_odd(key, "await", self.mood.awaitable):
            return self.later(key, lambda: self._make_now(type_, key, plain_items, selected))
        return self._make_now(type_, key, plain_items, selected)

    def _make_now(self, type_: Any, key: str, plain_items: bool, selected: Selected) -> Any:
        if self.is_odd(key, "hostile", self.mood.hostile):
            return self._make_hostile(type_, key)
        if not isinstance(type_, GraphQLNonNull):
            if self.is_odd(key, "null", 0.07):
                return None
        else:
            type_ = type_.of_type
        if isinstance(type_, GraphQLList):
            return self._make_list(type_.of_type, key, plain_items, selected)
        if isinstance(type_, GraphQLScalarType | GraphQLEnumType):
            return self._make_leaf(type_, key)
        return self._make_object(type_, key, selected)

    def _make_hostile(self, type_: Any, key: str) -> Any:
        random = self._random(f"{key}#how")
        named = get_named_type(type_)
        ways = ["raise", "return error", "null", "undefined", "wrong", "nearly right", "nearly right"]
        how = random.choice(["null", *ways] if isinstance(type_, GraphQLNonNull) else ways)
        if how == "raise":
            raise_error(random, key)
        if how == "return error":
            return make_error(random, key)
        if how == "null":
            return None
        if how == "undefined":
            return Undefined
        if how == "nearly right" and named.name in NEARLY_RIGHT:
            return random.choice(NEARLY_RIGHT[named.name])
        if named.name == "Odd" and random.random() < 0.8:
            return OddValue(random.choice(["raise", "null", "undefined", "await", "object"]), self, key)
        return random.choice(WRONG_VALUES)

    def _make_leaf(self, type_: GraphQLScalarType | GraphQLEnumType, key: str) -> Any:
        random = self._random(f"{key}#leaf")
        if type_.name in NEARLY_RIGHT and self.is_odd(key, "nearly right", self.mood.nearly_right):
            return random.choice(NEARLY_RIGHT[type_.name])
        if isinstance(type_, GraphQLEnumType):
            return random.choice([each.value for each in type_.values.values()])
        values: dict[str, list[Any]] = {
            "Int": [random.randint(-9, 9), 2**31 - 1, 3.0],
            "Float": [random.random(), random.randint(-9, 9), 1e300],
            "Boolean": [True, False],
            "ID": [key, random.randint(0, 99)],
            "Json": [{"key": key, "n": [1, None, {"a": 0.5}]}, [], key, 1, None if random.random() < 0.1 else True],
        }
        return random.choice(values.get(type_.name, [key, key, 'é\u2028"', True if type_.name == "String" else key]))

    def _make_list(self, item: Any, key: str, plain_items: bool, selected: Selected) -> Any:
        random = self._random(f"{key}#list")
        count = random.choice(ITEMS)

        def make_item(index: int) -> Any:
            item_key = f"{key}[{index}]"
            try:
                if plain_items:
                    return self._make_now(item, item_key, plain_items, selected)
                return self.make(item, item_key, selected=selected)
            except Exception as error:
                return error

        if not self.is_odd(key, "unusual list", self.mood.unusual_lists):
            return [make_item(index) for index in range(count)]
        return self._unusual_list(make_item, count, key, random)

    def _unusual_list(self, make_item: Callable[[int], Any], count: int, key: str, random: Random) -> Any:
        fails_at = random.randint(0, count) if self.is_odd(key, "broken iteration", self.mood.hostile) else -1

        def make_or_fail(index: int) -> Any:
            if index == fails_at:
                raise_error(random, key)
            return make_item(index)

        kinds: list[Callable[[], Any]] = [
            lambda: map(make_or_fail, range(count)),
            lambda: AsyncItems(self.order, key, map(make_or_fail, range(count))),
            lambda: tuple(map(make_item, range(count))),
            lambda: deque(map(make_item, range(count))),
            lambda: dict(enumerate(map(make_item, range(count)))).values(),
        ]
        return random.choice(kinds)()

    def _make_object(self, type_: Any, key: str, selected: Selected) -> Any:
        possible = list(self.schema.get_possible_types(type_)) if is_abstract_type(type_) else [type_]
        chosen = self._random(f"{key}#type").choice(possible)
        if chosen.extensions.get("style") != "dict":
            return Row(self, key, chosen.name, selected)
        row: dict[str, Any] = {"__typename": chosen.name, "#key": key}
        for name, each in chosen.fields.items():
            named = get_named_type(each.type)
            is_value = isinstance(named, GraphQLEnumType | GraphQLScalarType) and not each.args
            row[name] = self._plain_leaf(each.type, f"{key}.{name}") if is_value else self._method(row, name)
        return row

    def _plain_leaf(self, type_: Any, key: str) -> Any:
        try:
            return self._make_now(type_, key, True, ALL)
        except Exception as error:
            return error

    # Awaitables

    def later(self, key: str, make: Callable[[], Any]) -> Any:
        """Return an awaitable of some sort, whose value is made, or which fails, when it is its turn."""

        async def wait() -> Any:
            await self.order.turn(key)
            return make()

        kind = self._random(f"{key}#awaitable").choice(["coroutine", "coroutine", "task", "future", "object", "now"])
        if kind == "task":
            task = asyncio.ensure_future(wait())
            task.add_done_callback(lambda done: done.cancelled() or done.exception())
            return task
        if kind == "future":
            return self._future(key, make)
        if kind == "object":
            return AwaitableObject(wait)
        return wait() if kind == "coroutine" else _immediate(make)

    def _future(self, key: str, make: Callable[[], Any]) -> asyncio.Future[Any]:
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

        def complete(_turn: object) -> None:
            if future.done():
                return
            try:
                future.set_result(make())
            except Exception as error:
                future.set_exception(error)
                future.exception()  # retrieved, also where nothing awaits it

        self.order.turn(key).add_done_callback(complete)
        return future


async def _immediate(make: Callable[[], Any]) -> Any:
    return make()


# Functions of the schema


def resolve(source: Any, info: GraphQLResolveInfo[Any], name: str, arguments: Mapping[str, Any]) -> Any:
    world: World = info.context
    return world.resolve(source, name, info, arguments)


def shown_typename(value: Any) -> str | None:
    return value.typename if isinstance(value, Row) else typename_of(value)


def resolve_type_name(value: Any, *_: object) -> Any:
    """Return the name of the type of a row, perhaps not that of an object of the abstract type."""
    key = key_of(value)
    if isinstance(value, Row) and value.world.is_odd(key, "type name", value.world.mood.hostile):
        how = value.world._random(f"{key}#type name how")
        name = how.choice(["T0", "T3", "Nothing", "Int", "Node", "Small", None, 5, "raise"])
        if name == "raise":
            raise_error(how, key)
        return name
    return shown_typename(value)


def resolve_type(value: Any, info: GraphQLResolveInfo[Any], _type: object) -> Any:
    world: World = info.context
    key = key_of(value)
    if world.is_odd(f"{key}#type", "await", world.mood.awaitable):
        return world.later(f"{key}#type", lambda: resolve_type_name(value))
    return resolve_type_name(value)


def resolve_is_type_of(name: str) -> Callable[[Any, GraphQLResolveInfo[Any]], Any]:
    def is_type_of(value: Any, info: GraphQLResolveInfo[Any]) -> Any:
        world: World = info.context
        key = f"{key_of(value)}#is {name}"
        answer: Any = shown_typename(value) == name
        if world.is_odd(key, "hostile", world.mood.hostile):
            random = world._random(key)
            answer = random.choice([False, None, "raise"])
        if world.is_odd(key, "await", world.mood.awaitable):
            return world.later(key, lambda: raise_error(world._random(key), key) if answer == "raise" else answer)
        if answer == "raise":
            raise_error(world._random(key), key)
        return answer

    return is_type_of
