"""Fallback to graphql-core: nothing is lost, and no root field of a mutation runs twice."""

import asyncio
import gc
from collections.abc import Generator
from typing import Any, Final

import pytest
from graphql import GraphQLObjectType, GraphQLSchema, build_schema, parse
from graphql.execution import Executor

from transport.executor import CompiledExecutor, LineBudget, OperationPlans
from transport.executor.extensions import ATTRIBUTE

SDL: Final = """
    type Item { id: ID!  name: String!  names: [String] }
    type Query { item: Item  items: [Item] }
    type Mutation { add(id: ID!): Item  fail: Item }
"""


class Item:
    def __init__(self, id_: str, name: Any = "a", names: Any = ()) -> None:
        self.id, self.name, self.names = id_, name, names


class Calls:
    """Resolvers that record their calls."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def schema(self) -> GraphQLSchema:
        schema = build_schema(SDL)
        item = schema.get_type("Item")
        assert isinstance(item, GraphQLObjectType)
        for name, field in item.fields.items():
            field.extensions[ATTRIBUTE] = name
        assert schema.query_type is not None
        assert schema.mutation_type is not None
        schema.query_type.fields["item"].resolve = self.item
        schema.mutation_type.fields["add"].resolve = self.add
        schema.mutation_type.fields["fail"].resolve = self.fail
        return schema

    async def item(self, source: Any, _info: Any) -> Any:
        self.calls.append("item")
        return source

    async def add(self, _source: Any, _info: Any, id: str) -> Item:  # noqa: A002 - the name of the argument
        self.calls.append(f"add {id}")
        await asyncio.sleep(0)
        return Item(id, None if id == "bad" else "a")

    def fail(self, *_: Any) -> None:
        self.calls.append("fail")
        raise ValueError("failed")


async def run(executor_class: type[Executor[Any]], document: str, root: Any = None) -> tuple[Any, list[str]]:
    """Return the formatted result and the calls of resolvers."""
    calls = Calls()
    executor = executor_class.build(calls.schema(), parse(document), root)
    assert isinstance(executor, Executor)
    result: Any = executor.execute_operation()
    return (await result if hasattr(result, "__await__") else result).formatted, calls.calls


async def assert_equal(document: str, root: Any = None) -> Any:
    """Check that results and calls are those of graphql-core. Returns the result."""
    result, calls = await run(CompiledExecutor, document, root)
    assert (result, calls) == await run(Executor, document, root)
    return result


async def test_query_is_resolved_again_from_its_root() -> None:
    document, root = "{ item { id name } }", Item("1", None)
    result, calls = await run(CompiledExecutor, document, root)
    assert result == (await run(Executor, document, root))[0]
    assert result["errors"][0]["path"] == ["item", "name"]
    assert calls == ["item", "item"]


@pytest.mark.parametrize("document", ["{ item { id } items { id } }", "{ items { id } item { id } }"])
async def test_errors_come_in_the_order_in_which_fields_fail(document: str) -> None:
    def failing(steps: int) -> Any:
        async def resolve(*_: Any) -> None:
            for _step in range(steps):
                await asyncio.sleep(0)
            raise ValueError(str(steps))

        return resolve

    schema = Calls().schema()
    assert schema.query_type is not None
    schema.query_type.fields["item"].resolve = failing(3)
    schema.query_type.fields["items"].resolve = failing(1)
    executor = CompiledExecutor.build(schema, parse(document))
    assert isinstance(executor, CompiledExecutor)
    result: Any = await executor.execute_operation()
    assert [error.message for error in result.errors] == ["1", "3"]


async def test_root_resolvers_of_a_mutation_run_once_and_in_order() -> None:
    result = await assert_equal(
        'mutation { a: add(id: "1") { id } b: add(id: "bad") { id name } fail { id } c: add(id: "2") { id } }'
    )
    assert result["data"] == {"a": {"id": "1"}, "b": None, "fail": None, "c": {"id": "2"}}
    assert [error["path"] for error in result["errors"]] == [["b", "name"], ["fail"]]


class Awaitable:
    """An awaitable whose value is awaitable."""

    def __await__(self) -> Generator[None, None, Any]:
        yield
        return Awaitable()


async def test_awaitable_is_awaited_once() -> None:
    document = "{ item { id name } }"
    result, _ = await run(CompiledExecutor, document, Awaitable())
    assert result == (await run(Executor, document, Awaitable()))[0]
    assert result["data"] == {"item": None}


async def test_executor_repeats_nothing_of_the_operation_before() -> None:
    calls = Calls()
    executor = CompiledExecutor.build(calls.schema(), parse('mutation { add(id: "bad") { name } }'))
    assert isinstance(executor, CompiledExecutor)
    for _ in range(2):
        result: Any = await executor.execute_operation()
        assert result.errors
    assert calls.calls == ["add bad"] * 2
    executor.plans.refuse(next(iter(executor.plans._plans.values())))  # type: ignore[arg-type]  # there is one
    await executor.execute_operation()
    assert calls.calls == ["add bad"] * 3


async def test_refused_argument_runs_no_resolver() -> None:
    calls = Calls()
    document = parse("mutation($id: ID!) { add(id: $id) { id } }")
    executor = CompiledExecutor.build(calls.schema(), document, raw_variable_values={"id": "1"})
    assert isinstance(executor, CompiledExecutor)
    executor.variable_values.coerced.clear()
    result: Any = executor.execute_operation()
    assert "id" in result.errors[0].message
    assert calls.calls == []


async def test_coroutines_in_the_value_of_a_root_field_are_awaited_once() -> None:
    async def later(item: Item) -> Item:
        await asyncio.sleep(0)
        return item

    schema = Calls().schema()
    assert schema.query_type is not None
    items = [later(Item("1")), later(Item("2", None)), Item("3", None), later(Item("4"))]
    schema.query_type.fields["items"].resolve = lambda *_: items
    executor = CompiledExecutor.build(schema, parse("{ items { id name } }"))
    assert isinstance(executor, CompiledExecutor)
    result: Any = await executor.execute_operation()
    assert result.data == {"items": [{"id": "1", "name": "a"}, None, None, {"id": "4", "name": "a"}]}


async def test_one_time_iterator_is_left_to_graphql_core_for_good() -> None:
    plans, calls = OperationPlans(), Calls()
    executor = CompiledExecutor.build(calls.schema(), parse("{ item { names } }"), plans=plans)
    assert isinstance(executor, CompiledExecutor)
    for _ in range(2):
        event = executor.build_per_event_executor(Item("1", names=iter(["x", "y"])))
        result: Any = await event.execute_operation()
        assert result.data == {"item": {"names": ["x", "y"]}}
    assert plans.get(executor) is None
    assert calls.calls == ["item"] * 3  # the first event twice


async def test_error_refuses_no_plan() -> None:
    plans = OperationPlans()
    executor = CompiledExecutor.build(Calls().schema(), parse("{ item { name } }"), plans=plans)
    assert isinstance(executor, CompiledExecutor)
    failed: Any = await executor.build_per_event_executor(Item("1", None)).execute_operation()
    assert failed.errors
    assert plans.get(executor) is not None
    after: Any = await executor.build_per_event_executor(Item("1")).execute_operation()
    assert (after.data, after.errors) == ({"item": {"name": "a"}}, None)


async def test_events_of_an_unplanned_subscription_collect_nothing() -> None:
    plans = OperationPlans(LineBudget(1_000, 0))
    executor = CompiledExecutor.build(Calls().schema(), parse("{ item { id } }"), plans=plans)
    assert isinstance(executor, CompiledExecutor)
    for _ in range(3):
        event = executor.build_per_event_executor(Item("1"))
        result: Any = await event.execute_operation()
        assert result.data == {"item": {"id": "1"}}
        assert len(event._relevant_sub_fields) == 1


@pytest.mark.parametrize("document", ["{ item { names name } }", "{ item { names name } other: item { names } }"])
async def test_coroutine_that_has_not_begun_is_closed(document: str) -> None:
    async def names(*_: Any) -> list[str]:
        await asyncio.sleep(0)
        return ["x"]

    schema = Calls().schema()
    item, query = schema.get_type("Item"), schema.query_type
    assert isinstance(item, GraphQLObjectType)
    assert query is not None
    del item.fields["names"].extensions[ATTRIBUTE]
    item.fields["names"].resolve = names
    query.fields["item"].resolve = lambda source, _info: source
    executor = CompiledExecutor.build(schema, parse(document), Item("1", None))
    assert isinstance(executor, CompiledExecutor)
    result: Any = executor.execute_operation()
    result = await result if hasattr(result, "__await__") else result
    assert [error.path for error in result.errors] == [["item", "name"]]
    await asyncio.sleep(0)
    gc.collect()  # a coroutine that is never awaited is a warning, which is an error


async def test_slow_field_beside_an_error_does_not_run_twice_at_once() -> None:
    running = 0
    most = 0
    failed = asyncio.Event()

    async def slow(*_: Any) -> Item:
        nonlocal running, most
        running += 1
        most = max(most, running)
        try:
            await failed.wait()
            for _step in range(20):  # steps of the event loop, more than a fallback takes
                await asyncio.sleep(0)
            return Item("1")
        finally:
            running -= 1

    async def fail(*_: Any) -> None:
        await asyncio.sleep(0)
        failed.set()
        raise ValueError("failed")

    schema = Calls().schema()
    assert schema.query_type is not None
    schema.query_type.fields["item"].resolve = slow
    schema.query_type.fields["items"].resolve = fail
    executor = CompiledExecutor.build(schema, parse("{ item { id } items { id } }"))
    assert isinstance(executor, CompiledExecutor)
    result = await executor.execute_operation()
    assert (result.data, most) == ({"item": {"id": "1"}, "items": None}, 1)
