"""On generated schemas, results and errors of the compiled executor are those of graphql-core, to the byte."""

import asyncio
import gc
from collections.abc import AsyncIterator

import pytest
from graphql import get_introspection_query, parse
from graphql.execution import Executor

from tests.transport.executor.differential import TestedExecutor, check_cases, fresh_seed
from tests.transport.executor.hostile_cases import encode, make_case, make_schema

# graphql-core drops its own coroutines beside an error as well.
pytestmark = pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning")


@pytest.fixture(autouse=True)
async def dropped_futures() -> AsyncIterator[None]:
    """Ignore what the loop reports of futures that graphql-core drops beside an error."""
    loop = asyncio.get_running_loop()
    reporting = loop.get_exception_handler()
    loop.set_exception_handler(lambda *_: None)
    yield
    gc.collect()  # they report when they are collected
    loop.set_exception_handler(reporting)


async def test_hostile_schemas_have_the_results_of_graphql_core() -> None:
    counts = await check_cases(make_case, range(60))
    # Else graphql-core would be compared with itself.
    assert counts.compiled > 0.3 * counts.cases
    assert counts.failing > 0.2 * counts.cases


async def test_new_hostile_schemas_have_the_results_of_graphql_core() -> None:
    start = fresh_seed()
    await check_cases(make_case, range(start, start + 40))


@pytest.mark.long
async def test_many_hostile_schemas_have_the_results_of_graphql_core() -> None:
    start = fresh_seed()
    print(await check_cases(make_case, range(start, start + 10_000)))  # noqa: T201 - shown with -s


async def test_introspection_is_compiled() -> None:
    schema = make_schema(0).schema
    document = parse(get_introspection_query(input_value_deprecation=True))
    before = TestedExecutor.left_to_core
    results = [each.build(schema, document).execute_operation() for each in (Executor, TestedExecutor)]  # type: ignore[union-attr]  # no errors
    assert len({encode(result.data) for result in results}) == 1  # type: ignore[union-attr]  # nothing is awaited
    assert TestedExecutor.left_to_core == before
