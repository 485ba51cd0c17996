"""One generated document on one hostile schema, executed by two executors."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from random import Random
from typing import Any, Final, Self

import orjson
from graphql import (
    DocumentNode,
    GraphQLEnumType,
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    get_named_type,
    parse,
)
from graphql.execution import ExecutionResult, Executor

from tests.transport.executor.completion_order import keyed_random
from tests.transport.executor.differential import Outcome
from tests.transport.executor.documents import Document, DocumentGenerator, Shape
from tests.transport.executor.hostile_schema import HostileSchema
from tests.transport.executor.hostile_world import ALL, Mood, Row, World
from tests.transport.executor.shrinking import is_valid, smaller_texts
from transport.executor import CompiledExecutor, OperationPlans

CASES_PER_SCHEMA: Final = 25
SHAPES: Final = (
    *(Shape(), Shape(), Shape(), Shape(depth=6, selections=2), Shape(depth=3, selections=10)),
    *(Shape(fragments=0.6, selections=3), Shape(directives=0.6), Shape(aliases=0.6, clashes=0.1), Shape(defer=0.3)),
    Shape(operation_directive=" @experimental_disableErrorPropagation"),
)
MOODS: Final = (
    *(Mood(0.0, 0.0, 0.0, nearly_right=0.02), Mood(0.0, 0.0, 0.0, nearly_right=0.1)),
    *(Mood(0.0, 0.0, 0.0), Mood(0.0, 0.3, 0.0), Mood(0.01, 0.05, 0.05), Mood(0.03, 0.15, 0.15)),
    *(Mood(0.15, 0.0, 0.1), Mood(0.1, 0.5, 0.1)),
)


@dataclass(frozen=True)
class HostileCase:
    """Executed several times with the same plans, as operations of one document are."""

    schema: HostileSchema
    seed: int
    mood: Mood
    operation: str
    document: Document
    tamed: frozenset[str] = frozenset()

    async def run(self, executor_class: type[Executor[Any]]) -> list[Outcome]:
        document, plans = parse(self.document.text), OperationPlans()
        outcomes = []
        for variables in (self.document.variables, flip(self.document.variables), self.document.variables):
            executor = self._build(executor_class, document, variables, plans)
            if isinstance(executor, list):
                outcomes.append(Outcome(b"", tuple(map(format_error, executor))))
            else:
                outcomes.append(await self._run_event(executor, len(outcomes)))
        return outcomes

    def _build(
        self,
        executor_class: type[Executor[Any]],
        document: DocumentNode,
        variables: dict[str, Any],
        plans: OperationPlans,
    ) -> Executor[Any] | list[GraphQLError]:
        arguments: dict[str, Any] = {"schema": self.schema.schema, "document": document, "max_coercion_errors": 5}
        if issubclass(executor_class, CompiledExecutor):
            return executor_class.build_planned(plans, variables, None, **arguments)
        return executor_class.build(raw_variable_values=variables, **arguments)

    async def _run_event(self, executor: Executor[Any], event: int) -> Outcome:
        world = World(self.schema.schema, f"{self.seed} {event}", self.mood, self.tamed)
        root_type = self.operation.capitalize()
        executor = executor.build_per_event_executor(Row(world, root_type, root_type, ALL))
        executor.context_value = world

        async def execute() -> Any:
            result: Any = executor.execute_operation()
            return await result if hasattr(result, "__await__") else result

        result: ExecutionResult = await world.order.run(execute())
        errors = tuple(map(format_error, result.errors or ()))
        is_usual = not errors and self.document.is_plannable and all(map(is_compiled, world.oddities))
        return Outcome(encode(result.data), errors, world.writes, world.reads, tuple(world.oddities), is_usual)

    def smaller(self) -> Iterator[Self]:
        for text in smaller_texts(self.document.text):
            if is_valid(self.schema.schema, text):
                yield replace(self, document=Document(text, self.document.variables))

    def without(self, oddity: str) -> Self:
        return replace(self, tamed=self.tamed | {oddity})

    def __str__(self) -> str:
        return f"seed {self.seed}, variables {self.document.variables}\n{self.document.text}"


def flip(variables: dict[str, Any]) -> dict[str, Any]:
    return {name: not value if isinstance(value, bool) else value for name, value in variables.items()}


def is_compiled(oddity: str) -> bool:
    """Whether an oddity is none for generated code."""
    return oddity.endswith("#null") or (oddity.endswith("#await") and "#is " not in oddity)


def encode(data: Any) -> bytes:
    return orjson.dumps(data, default=repr, option=orjson.OPT_NON_STR_KEYS)


def format_error(error: GraphQLError) -> tuple[Any, ...]:
    return (
        error.message,
        error.path,
        error.locations,
        repr(error.extensions),
        type(error.original_error).__name__,
    )


@lru_cache(maxsize=4)
def make_schema(seed: int) -> HostileSchema:
    return HostileSchema(seed)


def make_case(seed: int) -> HostileCase:
    """Make a case; the next seeds use the same schema."""
    schema = make_schema(seed // CASES_PER_SCHEMA)
    random = keyed_random("case", str(seed))
    operation = random.choice(["query", "query", "query", "mutation", "subscription"])
    root = schema.schema.type_map[operation.capitalize()]
    while True:
        generator = DocumentGenerator(schema.schema, random, make_value, random.choice(SHAPES))
        fields = [random.choice(sorted(root.fields))] if operation == "subscription" else None  # type: ignore[attr-defined]  # an object
        document = generator.generate(operation, root, fields)  # type: ignore[arg-type]  # an object
        if is_valid(schema.schema, document.text):
            return HostileCase(schema, seed, random.choice(MOODS), operation, document)


def make_value(random: Random, _coordinate: str, type_: Any) -> Any:
    """Make a client's value, in rare cases one that is refused."""
    if isinstance(type_, GraphQLNonNull):
        return make_value(random, "", type_.of_type) or make_plain_value(random, type_.of_type)
    return None if random.random() < 0.1 else make_plain_value(random, type_)


def make_plain_value(random: Random, type_: Any) -> Any:
    if isinstance(type_, GraphQLList):
        if random.random() < 0.2:  # one item for a list of one
            return make_plain_value(random, get_named_type(type_))
        return [make_value(random, "", type_.of_type) for _ in range(random.randint(0, 2))]
    if isinstance(type_, GraphQLEnumType):
        return random.choice(list(type_.values))
    if isinstance(type_, GraphQLInputObjectType):
        return make_object(random, type_)
    values: dict[str, list[Any]] = {
        "Int": [0, 1, -5, 2**31 - 1],
        "Float": [0, 1.5, -2e9],
        "Boolean": [True, False],
        "ID": ["a", 7],
        "Odd": ["a", 1, "b", "a", "refused"],
        "Json": [{"a": [1, {"b": None}]}, [], "x", 1.5, False],
    }
    return random.choice(values.get(type_.name, ["", "text", 'quo"te\\', "é"]))


def make_object(random: Random, type_: GraphQLInputObjectType) -> dict[str, Any]:
    if type_.is_one_of:
        name = random.choice(list(type_.fields))
        return {name: make_plain_value(random, type_.fields[name].type)}
    return {
        name: make_value(random, "", field.type)
        for name, field in type_.fields.items()
        if (isinstance(field.type, GraphQLNonNull) and name != "count") or random.random() < 0.5
    }
