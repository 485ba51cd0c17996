"""On this application's schema and a real database, responses are those of graphql-core, to the byte."""

from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Final

import pytest

from tests.transport.executor import session_cases, subscription_cases
from tests.transport.executor.differential import Case, check_cases, fresh_seed
from tests.transport.executor.session_database import Servers, open_servers

CASES: Final[dict[str, Callable[[Servers, int], Case]]] = {
    "operations": session_cases.make_case,
    "subscriptions": subscription_cases.make_case,
}


@pytest.fixture(scope="module")
async def servers(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Servers]:
    async with open_servers(tmp_path_factory.mktemp("servers")) as opened:
        yield opened


@pytest.mark.parametrize("cases", CASES)
async def test_responses_are_those_of_graphql_core(servers: Servers, cases: str) -> None:
    counts = await check_cases(partial(CASES[cases], servers), range(25))
    assert counts.failing < counts.cases / 2


@pytest.mark.parametrize("cases", CASES)
async def test_new_responses_are_those_of_graphql_core(servers: Servers, cases: str) -> None:
    start = fresh_seed()
    await check_cases(partial(CASES[cases], servers), range(start, start + 15))


@pytest.mark.long
@pytest.mark.parametrize("cases", CASES)
async def test_many_responses_are_those_of_graphql_core(servers: Servers, cases: str) -> None:
    start = fresh_seed()
    print(await check_cases(partial(CASES[cases], servers), range(start, start + 10_000)))  # noqa: T201 - shown with -s
