"""Dispatch of queries, mutations and subscriptions."""

import asyncio

import pytest

from tests.polling import wait_until
from tests.transport.fake_app import with_limits
from tests.transport.subscriptions.fake_source import Caller, FakeLog
from tests.transport.subscriptions.stream_server import (
    SUBSCRIBE,
    StreamServer,
    error_codes,
    numbers,
    read_live,
    remaining,
)


@pytest.mark.parametrize(
    ("query", "expected"),
    [("{hello}", {"data": {"hello": "hello anybody"}}), ("mutation{write}", {"data": {"write": "written"}})],
)
async def test_query_or_mutation_is_one_frame(server: StreamServer, query: str, expected: object) -> None:
    answer = await server.open(query)
    assert (answer.kind, answer.refused, answer.result.status) == ("single", False, 200)
    assert await remaining(answer) == [expected]
    assert server.log.contexts_exited == 1


@pytest.mark.parametrize(
    ("query", "variables", "code", "status"),
    [
        ("{", None, "GRAPHQL_PARSE_FAILED", 400),
        ("subscription{event{nothing}}", None, "GRAPHQL_VALIDATION_FAILED", 400),
        (SUBSCRIBE, {"room": 7}, "BAD_USER_INPUT", 400),
        (SUBSCRIBE, {"room": "locked"}, "FORBIDDEN", 403),
        ('subscription{broken(how:"surprise"){number}}', None, "INTERNAL_SERVER_ERROR", 500),
        ('subscription{broken(how:"nothing"){number}}', None, "INTERNAL_SERVER_ERROR", 500),
        ('subscription{broken(how:"iterator"){number}}', None, "INTERNAL_SERVER_ERROR", 500),
    ],
)
async def test_refused_subscription_has_errors_and_no_data(
    server: StreamServer, query: str, variables: dict[str, object] | None, code: str, status: int
) -> None:
    answer = await server.open(query, variables)
    assert (answer.kind, answer.refused, answer.result.status) == ("single", True, status)
    (result,) = await remaining(answer)
    assert error_codes(result) == [code]
    assert "data" not in result
    assert "hunter2" not in str(result)
    assert not server.streams.subscriptions


async def test_field_error_is_not_a_refusal(server: StreamServer) -> None:
    answer = await server.open("{fails}")
    assert not answer.refused
    (result,) = await remaining(answer)
    assert (result["data"], error_codes(result)) == ({"fails": None}, ["INTERNAL_SERVER_ERROR"])


async def test_context_is_exited_when_the_subscription_starts(server: StreamServer) -> None:
    answer = await server.open(caller=Caller("ann"))
    assert server.log.contexts_exited == 1
    first = await read_live(answer)
    server.log.append()
    assert await first == [1]
    assert server.log.context_count == 1


async def test_slow_subscribe_resolver_is_refused_with_timeout(log: FakeLog) -> None:
    answer = await StreamServer(log, with_limits(operation_seconds=0.01)).open(
        'subscription{broken(how:"slow"){number}}'
    )
    assert [error_codes(result) for result in await remaining(answer)] == [["TIMEOUT"]]
    assert log.slow_cancelled.is_set()


async def test_end_of_source_ends_its_streams(server: StreamServer) -> None:
    server.log.append()
    answer = await server.open(variables={"after": "0"})
    assert await numbers(answer, 1) == [1]
    server.log.append()
    ending = asyncio.create_task(remaining(answer))
    await wait_until(lambda: server.log.followers)
    server.log.publish(None)
    assert [result["data"]["event"]["number"] for result in await ending] == [2]
    assert not server.streams.subscriptions


async def test_closing_a_stream_closes_its_source(server: StreamServer) -> None:
    server.log.append(3)
    answer = await server.open(variables={"after": "0"})
    assert await numbers(answer, 1) == [1]
    await answer.frames.aclose()
    assert server.log.closed_count == 1
    await wait_until(lambda: server.log.unfollow_count)
    assert not server.streams.groups
    assert not server.streams.subscriptions
