"""Identical queries in flight: which share an execution, and that none is answered from before it."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson
import pytest
from graphql import GraphQLObjectType, GraphQLSchema, build_schema
from hypothesis import given
from hypothesis import strategies as st

from tests.polling import wait_until
from transport import Access, TransportSettings, queries_in_flight
from transport.execution import Execution
from transport.request import OperationCall, OperationRequest
from transport.results import OperationResult
from transport.settings import Limits
from transport.subscriptions import StreamManager

SDL = """
type Query { state(n: Int): State  cheap: Int  viewer: String }
type State { value: Int  group: String  fails: Int  unmarked: Int }
type Mutation { write: Int  state: State }
"""
STATE = "query($n: Int) { state(n: $n) { __typename value group } }"


@dataclass(frozen=True)
class Person:
    """A client whose access is its group; without one it does not share."""

    id: str = "ann"
    group: str | None = "readers"
    may_introspect: bool = False


@dataclass
class Database:
    """A value, read at the start of an execution, which then waits until the test lets it end."""

    value: int = 0
    reads: list[str] = field(default_factory=list)
    """The client of each execution."""
    waiting: deque[asyncio.Future[None]] = field(default_factory=deque)
    cancelled: int = 0
    contexts: int = 0
    context_error: Exception | None = None

    async def read(self, _source: Any, info: Any, **_arguments: Any) -> Mapping[str, Any]:
        self.reads.append(info.context.id)
        value = self.value
        waiter = asyncio.get_running_loop().create_future()
        self.waiting.append(waiter)
        try:
            await waiter
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        return {"value": value, "unmarked": value, "group": info.context.group}

    def finish(self) -> None:
        """Let the execution end that began first."""
        if self.waiting and not (waiter := self.waiting.popleft()).done():
            waiter.set_result(None)

    async def finish_all(self, *tasks: "asyncio.Task[Any]") -> None:
        while not all(task.done() for task in tasks):
            self.finish()
            await asyncio.sleep(0)

    @asynccontextmanager
    async def make_context(self, client: Person) -> AsyncIterator[Person]:
        if self.context_error is not None and not client.id:
            raise self.context_error
        self.contexts += 1
        try:
            yield client
        finally:
            self.contexts -= 1


def schema_of(database: Database) -> GraphQLSchema:
    schema = build_schema(SDL)
    query, state = schema.type_map["Query"], schema.type_map["State"]
    assert isinstance(query, GraphQLObjectType)
    assert isinstance(state, GraphQLObjectType)
    query.fields["state"].resolve = database.read
    query.fields["viewer"].resolve = lambda _source, info: info.context.id
    state.fields["fails"].resolve = lambda *_: orjson.loads("secret")
    for shareable in (query.fields["state"], *(state.fields[name] for name in ("value", "group", "fails"))):
        shareable.extensions["shareable"] = True
    assert schema.mutation_type is not None
    schema.mutation_type.fields["state"].resolve = database.read
    return schema


class Server:
    def __init__(self, **limits: Any) -> None:
        settings = TransportSettings(limits=Limits(**limits))
        self.database = Database()
        self.execution = Execution(schema_of(self.database), settings)
        self.streams = StreamManager(self.execution, settings.limits)
        self.access = Access(
            self.database.make_context,
            representative=lambda client: None if client.group is None else Person("", client.group),
        )

    def ask(
        self, query: str = STATE, n: int | None = None, client: Person | None = None, *, streamed: bool = False
    ) -> "asyncio.Task[OperationResult]":
        call = OperationCall(OperationRequest(query, {} if n is None else {"n": n}), client or Person(), self.access)
        return asyncio.create_task(self._open(call) if streamed else self.execution.run(call))

    async def _open(self, call: OperationCall) -> OperationResult:
        return (await self.streams.open(call)).result

    async def ask_while_one_runs(self, *others: tuple[Any, ...], **options: Any) -> "list[asyncio.Task[Any]]":
        """Ask once, and when that execution has begun, ask the others."""
        first = self.ask(**options)
        await wait_until(lambda: self.database.waiting)
        tasks = [first, *(self.ask(*other) for other in others)]
        for _ in range(5):
            await asyncio.sleep(0)
        return tasks


@pytest.fixture
def server() -> Server:
    return Server()


def values(tasks: "list[asyncio.Task[OperationResult]]") -> list[Any]:
    return [task.result().body["data"]["state"]["value"] for task in tasks]


@pytest.mark.parametrize("streamed", [False, True])
async def test_identical_queries_share_one_execution_and_its_bytes(server: Server, streamed: bool) -> None:
    first = server.ask()
    await wait_until(lambda: server.database.waiting)
    server.database.value = 1
    others = [server.ask(client=Person(f"client {number}"), streamed=streamed) for number in range(50)]
    await asyncio.sleep(0)
    await server.database.finish_all(first, *others)
    assert values([first, *others]) == [0, *[1] * 50]
    # The second one shows nothing of any of the fifty.
    assert server.database.reads == ["ann", ""]
    assert len({id(server.execution.encode(task.result())[1]) for task in others}) == 1
    alone = server.ask()
    await server.database.finish_all(alone)
    assert server.execution.encode(alone.result())[1] == server.execution.encode(others[0].result())[1]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ((STATE, 1), (STATE, 2)),
        ((STATE,), (STATE + " ",)),
        ((STATE, None, Person(group="readers")), (STATE, None, Person(group="writers"))),
        ((STATE, None, Person(group=None)), (STATE, None, Person(group=None))),
        (("{ state { unmarked } }",), ("{ state { unmarked } }",)),
        (("{ state { ...F } } fragment F on State { value unmarked }",),) * 2,
        (("{ viewer state { value } }",), ("{ viewer state { value } }",)),
        (("mutation { state { value } }",), ("mutation { state { value } }",)),
    ],
)
async def test_queries_that_differ_in_anything_execute_alone(
    server: Server, one: tuple[Any, ...], other: tuple[Any, ...]
) -> None:
    tasks = [server.ask(*one), server.ask(*other), server.ask(*one), server.ask(*other)]
    for _ in range(5):
        await asyncio.sleep(0)
    identical = one == other
    assert len(server.database.waiting) == (4 if identical else 2)
    await server.database.finish_all(*tasks)
    assert all("errors" not in task.result().body for task in tasks)


@pytest.mark.parametrize("query", ["{ __typename }", "{ cheap }", "{ __schema { description } }"])
async def test_cheap_queries_do_not_look_for_company(server: Server, query: str) -> None:
    operation = server.execution.documents.get(query).select_operation(None)
    assert not operation.shareable
    result = await server.ask(query)
    assert result.encoded is None


async def test_cancelled_query_does_not_end_the_others(server: Server) -> None:
    first, leaving, staying = await server.ask_while_one_runs((), ())
    first.cancel()
    leaving.cancel()
    await wait_until(lambda: len(server.database.reads) == 2)
    await server.database.finish_all(first, leaving, staying)
    assert values([staying]) == [0]
    assert server.database.cancelled == 1  # the first, which ran by itself


async def test_execution_ends_with_the_last_query_that_waits(server: Server) -> None:
    tasks = await server.ask_while_one_runs((), ())
    server.database.finish()
    await wait_until(lambda: len(server.database.reads) == 2)
    tasks[1].cancel()
    await asyncio.sleep(0)
    assert server.database.cancelled == 0
    tasks[2].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert server.database.cancelled == 1
    assert server.database.contexts == 0  # both have ended when the last query has
    later = server.ask()
    await server.database.finish_all(later)
    assert values([later]) == [0]


async def test_execution_that_all_left_before_it_began_never_runs(server: Server) -> None:
    first, *others = await server.ask_while_one_runs((), ())
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    last = server.ask()
    await server.database.finish_all(first, last)
    assert server.database.reads == ["ann", ""]


async def test_end_of_access_ends_only_the_queries_of_that_client(server: Server) -> None:
    bob = Person("bob")
    tasks = await server.ask_while_one_runs((STATE, None, bob), (STATE, None, Person("cy")))
    server.execution.deadlines.end_access(bob)
    await server.database.finish_all(*tasks)
    assert tasks[1].result().error_codes == ["UNAUTHENTICATED"]
    assert values([tasks[0], tasks[2]]) == [0, 0]


async def test_time_limit_is_that_of_each_query() -> None:
    server = Server(operation_seconds=0.01)
    tasks = await server.ask_while_one_runs((), ())
    results = await asyncio.gather(*tasks)
    assert [result.error_codes for result in results] == [["TIMEOUT"]] * 3
    assert server.database.cancelled == len(server.database.reads)


async def test_queries_do_not_wait_for_a_slow_execution(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries_in_flight, "MAX_WAIT_SECONDS", 0.0)
    tasks = await server.ask_while_one_runs((), ())
    await wait_until(lambda: len(server.database.waiting) == 2)
    third = server.ask()
    await wait_until(lambda: len(server.database.waiting) == 3)
    await server.database.finish_all(*tasks, third)
    assert len(server.database.reads) == 3


async def test_failing_context_refuses_each_query(server: Server) -> None:
    server.database.context_error = RuntimeError("secret")
    tasks = await server.ask_while_one_runs((), ())
    await server.database.finish_all(*tasks)
    assert [task.result().error_codes for task in tasks] == [[], *[["INTERNAL_SERVER_ERROR"]] * 2]
    assert all("data" not in task.result().body for task in tasks[1:])


async def test_errors_of_a_shared_execution_reach_all(server: Server) -> None:
    query = "{ state { fails } }"
    tasks = await server.ask_while_one_runs((query,), (query,), query=query)
    await server.database.finish_all(*tasks)
    assert [task.result().error_codes for task in tasks] == [["INTERNAL_SERVER_ERROR"]] * 3
    bad = [server.ask("query($n: Int) { state(n: $n) { value } }", "x") for _ in range(3)]  # type: ignore[arg-type]  # no Int
    assert [result.error_codes for result in await asyncio.gather(*bad)] == [["BAD_USER_INPUT"]] * 3


@pytest.mark.parametrize("ticks", range(12))
async def test_query_after_a_write_sees_it_at_every_moment(server: Server, ticks: int) -> None:
    tasks = await server.ask_while_one_runs((), ())
    server.database.finish()
    for _ in range(ticks):
        await asyncio.sleep(0)
    server.database.value = 1
    later = server.ask()
    await server.database.finish_all(*tasks, later)
    assert values([later]) == [1]


requests = st.tuples(st.sampled_from([None, 1]), st.sampled_from(["readers", "writers", None]))
steps = st.lists(st.one_of(requests, st.sampled_from(["write", "finish", "tick", "cancel"])), max_size=40)


@given(steps=steps)
async def test_no_query_sees_a_state_older_than_its_request(steps: list[Any]) -> None:
    server = Server()
    asked: list[tuple[int, str | None, asyncio.Task[OperationResult]]] = []
    for step in steps:
        match step:
            case "write":
                server.database.value += 1
            case "finish":
                server.database.finish()
            case "tick":
                await asyncio.sleep(0)
            case "cancel":
                if asked:
                    asked[len(asked) // 2][-1].cancel()
            case (n, group):
                asked.append((server.database.value, group, server.ask(STATE, n, Person(group=group))))
    await server.database.finish_all(*(task for *_, task in asked))
    for value, group, task in asked:
        if not task.cancelled():
            state = task.result().body["data"]["state"]
            assert state["value"] >= value
            assert state["group"] == group
    assert len(server.database.reads) <= len(asked)
    assert not server.execution._in_flight._running
    assert not server.execution._in_flight._gathering
