"""Generated documents over the schema of this application."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from random import Random
from typing import Any, Final, Self
from unittest.mock import patch

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    Undefined,
    get_named_type,
)
from graphql.execution import Executor

from resolvers.access import Caller
from resolvers.context import open_context
from resolvers.forms.queries import ReadBudget
from schema import graphql_schema
from tests.transport.executor.completion_order import CompletionOrder, keyed_random
from tests.transport.executor.differential import Outcome, TestedExecutor
from tests.transport.executor.documents import Document, DocumentGenerator, Shape
from tests.transport.executor.session_database import CALLERS, Names, Servers, reads_in_turn, repeatable_ids
from tests.transport.executor.shrinking import smaller_texts
from transport import Access, Limits, TransportSettings
from transport.documents.store import DocumentStore
from transport.errors import RequestError
from transport.execution import Execution
from transport.request import OperationCall, OperationRequest

LIMITS: Final = Limits(
    **dict.fromkeys(("depth", "aliases", "directives", "tokens", "selections", "root_fields"), 100_000),
    cost=10**9,
    operation_seconds=1e6,
    overload_wait_seconds=1e6,
)
ROOTS: Final = (
    *("sessions", "sessions", "sessions", "sessions", "sessions", "activities", "activities", "projects", "nodes"),
    *("sessionStats", "sessionStats", "session", "project", "node", "viewer", "tokens", "auditLog"),
)
MUTATIONS: Final = (
    *("keepaliveSession", "keepaliveSession", "hideSession", "stopSession", "keepaliveSessions", "startSession"),
    *("updateAgendaSession", "trackMedia", "saveFieldData", "terminateSession", "createToken", "updateProject"),
)
SETTINGS: Final = TransportSettings(limits=LIMITS)
DOCUMENTS: Final = DocumentStore(graphql_schema, SETTINGS)
SIZES: Final = (8, 20, 40, 80)
SHAPES: Final = (
    *(Shape(6, sizes=SIZES), Shape(7, SIZES, selections=4), Shape(4, SIZES, selections=12)),
    *(Shape(7, SIZES, fragments=0.6), Shape(6, SIZES, directives=0.5), Shape(6, SIZES, aliases=0.5)),
)
TIMES: Final = (
    *("2026-05-28T18:00:00Z", "2026-05-28T20:00:00Z", "2026-05-28T20:20:00+00:00"),
    *("2026-05-28T20:26:40Z", "2026-05-28T23:00:00Z"),
)
TEXTS: Final = ("ann", "user 1", "device-1", "iOS 8.1", "m-1", "web", "VOD", "en", "home", "x", "")


@dataclass(frozen=True)
class ShrinkingCase:
    """A case of one document."""

    document: Document

    def smaller(self) -> Iterator[Self]:
        for text in smaller_texts(self.document.text):
            if is_accepted(text):
                yield replace(self, document=Document(text, self.document.variables))

    def without(self, _oddity: str) -> Self:
        return self


@dataclass(frozen=True)
class SessionCase(ShrinkingCase):
    """An operation, executed by graphql-core on one server and by the tested executor on its twin."""

    servers: Servers
    seed: int
    caller: Caller
    budget: tuple[int, int]
    """How many data points, and bytes of them, the operation may read."""

    async def run(self, executor_class: type[Executor[Any]]) -> list[Outcome]:
        api = self.servers.oracle if executor_class is Executor else self.servers.tested
        services = api.app.state.services
        execution = EXECUTIONS[executor_class]
        request = OperationRequest(self.document.text, self.document.variables)
        call = OperationCall(request, self.caller, Access(partial(open_context, services)))
        order = CompletionOrder(str(self.seed))
        with (
            repeatable_ids(f"case {self.seed}"),
            patch.object(ReadBudget.__init__, "__defaults__", self.budget),
            reads_in_turn(order) as reads,
        ):
            result = await order.run(execution.run(call))
            _, payload = execution.encode(result)
        is_usual = "errors" not in result.body and self.document.is_plannable
        return [Outcome(payload, reads=Counter(reads), is_usual=is_usual)]

    def __str__(self) -> str:
        return f"seed {self.seed}, {self.caller}, variables {self.document.variables}\n{self.document.text}"


class OracleExecution(Execution):
    executor_class = Executor


class TestedExecution(Execution):
    __test__ = False  # no test
    executor_class = TestedExecutor


EXECUTIONS: Final = {each.executor_class: each(graphql_schema, SETTINGS) for each in (OracleExecution, TestedExecution)}
for _execution in EXECUTIONS.values():
    _execution.documents = DOCUMENTS  # so that a document is validated once


def is_accepted(text: str) -> bool:
    try:
        DOCUMENTS.get(text)
    except RequestError:
        return False
    return True


def make_case(servers: Servers, seed: int) -> SessionCase:
    random = keyed_random("session case", str(seed))
    while True:
        if random.random() < 0.15:
            fields = random.choices(MUTATIONS, k=random.randint(1, 3))
            document = generate(random, servers.names, "mutation", fields)
        else:
            document = generate(random, servers.names, "query", random.choices(ROOTS, k=random.randint(1, 3)))
        if is_accepted(document.text):
            budget = (10_000, 10**8) if random.random() < 0.8 else (random.randint(0, 8), random.randint(0, 5_000))
            return SessionCase(document, servers, seed, random.choice(CALLERS), budget)


def generate(random: Random, names: Names, operation: str, fields: list[str]) -> Document:
    root = graphql_schema.type_map[operation.capitalize()]
    assert isinstance(root, GraphQLObjectType)
    generator = DocumentGenerator(graphql_schema, random, Values(names), random.choice(SHAPES))
    return generator.generate(operation, root, fields)


class Values:
    """Values of arguments: mostly such that something is found."""

    def __init__(self, names: Names) -> None:
        self._names = names

    def __call__(self, random: Random, coordinate: str, type_: Any) -> Any:
        name = coordinate.rpartition(".")[2]
        if name in PAGING:
            return self._paging(random, coordinate) if random.random() < PAGING[name] else Undefined
        if coordinate.startswith("SessionStats.series."):
            return {"from": TIMES[0], "to": random.choice(TIMES[1:]), "bucketSeconds": random.choice([60, 600])}[name]
        return self._value(random, name, type_)

    def _paging(self, random: Random, coordinate: str) -> Any:
        _, list_, name = coordinate.split(".")
        if name in {"after", "before"}:
            return random.choice([*self._names.cursors.get(list_, ()), "nothing"])
        return random.choice([1, 2, 2, 3, 3, 5, 5, 10, 10, 50] if random.random() < 0.97 else [0, -1, 501])

    def _value(self, random: Random, name: str, type_: Any) -> Any:
        if isinstance(type_, GraphQLNonNull):
            return self._plain_value(random, name, type_.of_type)
        return None if random.random() < 0.05 else self._plain_value(random, name, type_)

    def _plain_value(self, random: Random, name: str, type_: Any) -> Any:
        if isinstance(type_, GraphQLList):
            return [self._value(random, name, type_.of_type) for _ in range(random.choice([0, 1, 1, 2, 3, 5]))]
        if isinstance(type_, GraphQLEnumType):
            return random.choice(list(type_.values))
        if isinstance(type_, GraphQLInputObjectType):
            return self._object(random, type_)
        if get_named_type(type_).name == "ID":
            return random.choice(["default", "p1", "p2"] if name == "projectIds" else self._names.ids)
        values: dict[str, Any] = {
            "Int": [1, 2, 3, 7, 60],
            "Float": [0, 1.5, 60],
            "Boolean": [True, False],
            "DateTime": TIMES,
            "JSON": [{"a": 1}, [], None],
        }
        return random.choice(values.get(type_.name, TEXTS))

    def _object(self, random: Random, type_: GraphQLInputObjectType) -> dict[str, Any]:
        if type_.is_one_of:
            name = random.choice(list(type_.fields))
            return {name: self._plain_value(random, name, type_.fields[name].type)}
        return {
            name: self._value(random, name, each.type)
            for name, each in type_.fields.items()
            if isinstance(each.type, GraphQLNonNull) or random.random() < 1.5 / len(type_.fields)
        }


PAGING: Final = {"first": 0.9, "last": 0.1, "after": 0.2, "before": 0.1, "offset": 0.1}
"""How often arguments are given where they may be: some exclude each other."""
