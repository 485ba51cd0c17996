"""Values that a plan waits for: loaded together, each completed when it arrives, cancelled with their operation."""

import asyncio
import gc
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Final

import pytest
from graphql import GraphQLObjectType, GraphQLSchema, build_schema, parse
from graphql.execution import Executor

from transport.executor import CompiledExecutor, run
from transport.executor.extensions import ATTRIBUTE, READ
from transport.executor.run import Run

SDL: Final = """
    type Item { id: ID!  owner: Item  parent: Item }
    type Query { items: [Item!]!  slow: Item  quick: Item }
"""


class Item:
    def __init__(self, number: int) -> None:
        self.id = str(number)


class Loader:
    """Reads the items that are requested in the same step of the event loop together."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.has_read = asyncio.Event()
        self._requested: dict[str, asyncio.Future[Item]] = {}

    def load(self, id_: str) -> Awaitable[Item]:
        loop = asyncio.get_running_loop()
        if not self._requested:
            loop.call_soon(self._read)
        return self._requested.setdefault(id_, loop.create_future())

    def _read(self) -> None:
        requested, self._requested = self._requested, {}
        self.batches.append(list(requested))
        self.has_read.set()
        for id_, future in requested.items():
            future.set_result(Item(int(id_)))


def schema_of(**resolvers: Callable[..., Any]) -> GraphQLSchema:
    """Build the schema; `owner` and `parent` are loaded by the context, a `Loader`."""
    schema = build_schema(SDL)
    item, query = schema.get_type("Item"), schema.query_type
    assert isinstance(item, GraphQLObjectType)
    assert query is not None
    item.fields["id"].extensions[ATTRIBUTE] = "id"
    for name, distance in (("owner", 100), ("parent", 1_000)):
        item.fields[name].extensions[READ] = lambda row, loader, by=distance: loader.load(str(int(row.id) + by))
    for name, resolve in resolvers.items():
        query.fields[name].resolve = resolve
    return schema


async def execute(schema: GraphQLSchema, document: str, context: Any = None) -> Any:
    executor = CompiledExecutor.build(schema, parse(document), context_value=context)
    assert isinstance(executor, CompiledExecutor)
    result: Any = executor.execute_operation()
    return await result


@pytest.fixture(autouse=True)
def forbid_fallback(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise AssertionError("graphql-core executes the operation")

    monkeypatch.setattr(Executor, "execute_operation", fail)


async def test_values_of_one_level_are_loaded_together() -> None:
    loader = Loader()
    schema = schema_of(items=lambda *_: [Item(number) for number in range(3)])
    result = await execute(schema, "{ items { id owner { parent { id } id } } }", loader)
    assert loader.batches == [["100", "101", "102"], ["1100", "1101", "1102"]]
    assert list(result.data["items"][1]) == ["id", "owner"]
    assert list(result.data["items"][1]["owner"].items()) == [("parent", {"id": "1101"}), ("id", "101")]


async def test_slow_value_does_not_delay_what_others_lead_to() -> None:
    loader, may_end = Loader(), asyncio.Event()

    async def slow(*_: Any) -> Item:
        await may_end.wait()
        return Item(2)

    async def quick(*_: Any) -> Item:
        return Item(1)

    running = asyncio.create_task(
        execute(schema_of(slow=slow, quick=quick), "{ slow { id } quick { owner { id } } }", loader)
    )
    await loader.has_read.wait()
    assert not running.done()
    may_end.set()
    assert (await running).data == {"slow": {"id": "2"}, "quick": {"owner": {"id": "101"}}}


async def test_single_value_is_awaited_in_the_task_of_its_caller() -> None:
    tasks: list[Any] = []

    async def quick(*_: Any) -> Item:
        tasks.append(asyncio.current_task())
        return Item(1)

    await execute(schema_of(quick=quick), "{ quick { id } }")
    assert tasks == [asyncio.current_task()]


@asynccontextmanager
async def recorded(ended: list[str], name: str) -> AsyncIterator[None]:
    try:
        yield
    finally:
        await asyncio.sleep(0)  # cleaning up takes a while
        ended.append(name)


async def test_cancelled_operation_ends_all_that_it_started() -> None:
    ended: list[str] = []
    started = asyncio.Event()

    async def slow(*_: Any) -> Item:
        async with recorded(ended, "slow"):
            await asyncio.Event().wait()
        raise AssertionError("unreachable")

    async def quick(*_: Any) -> Item:
        async with recorded(ended, "quick"):
            started.set()
            await asyncio.Event().wait()
        raise AssertionError("unreachable")

    running = asyncio.create_task(execute(schema_of(slow=slow, quick=quick), "{ slow { id } quick { id } }"))
    await started.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert sorted(ended) == ["quick", "slow"]


async def test_execution_leaves_no_reference_cycle() -> None:
    loader = Loader()
    schema = schema_of(items=lambda *_: [Item(number) for number in range(3)])
    document = "{ items { owner { id } } }"
    await execute(schema, document, loader)
    executor = CompiledExecutor.build(schema, parse(document), context_value=loader)
    assert isinstance(executor, CompiledExecutor)
    executor.plans.get(executor)
    gc.collect()
    gc.disable()
    try:
        result: Any = executor.build_per_event_executor(None).execute_operation()
        await result
        del result
        assert [each for each in gc.get_objects() if type(each) in {Run, run._Together}] == []
    finally:
        gc.enable()
