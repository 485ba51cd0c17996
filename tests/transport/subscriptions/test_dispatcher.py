"""One way in for queries, mutations and subscriptions."""

import asyncio

import pytest

from tests.polling import until
from tests.transport.fake_app import limited
from tests.transport.subscriptions.fake_source import Caller, Log
from tests.transport.subscriptions.stream_server import ASK, Server, body, codes, joined, numbers, rest


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("{hello}", {"data": {"hello": "hello anybody"}}),
        ("mutation{write}", {"data": {"write": "written"}}),
    ],
)
async def test_a_query_or_mutation_is_answered_by_one_frame(server: Server, query: str, expected: object) -> None:
    answer = await server.open(query)
    assert (answer.kind, answer.refused, answer.outcome.status) == ("single", False, 200)
    assert await rest(answer) == [expected]
    assert server.log.contexts_left == 1


@pytest.mark.parametrize(
    ("query", "variables", "code", "status"),
    [
        ("{", None, "GRAPHQL_PARSE_FAILED", 400),
        ("subscription{told{nothing}}", None, "GRAPHQL_VALIDATION_FAILED", 400),
        (ASK, {"room": 7}, "BAD_USER_INPUT", 400),
        (ASK, {"room": "locked"}, "FORBIDDEN", 403),
        ('subscription{broken(how:"surprise"){number}}', None, "INTERNAL_SERVER_ERROR", 500),
        ('subscription{broken(how:"nothing"){number}}', None, "INTERNAL_SERVER_ERROR", 500),
        ('subscription{broken(how:"iterator"){number}}', None, "INTERNAL_SERVER_ERROR", 500),
    ],
)
async def test_what_cannot_begin_is_refused_with_errors_and_no_data(
    server: Server, query: str, variables: dict[str, object] | None, code: str, status: int
) -> None:
    answer = await server.open(query, variables)
    assert (answer.kind, answer.refused, answer.outcome.status) == ("single", True, status)
    (result,) = await rest(answer)
    assert codes(result) == [code]
    assert "data" not in result
    assert "hunter2" not in str(result)
    assert not server.streams.subscriptions


async def test_a_field_error_is_no_refusal(server: Server) -> None:
    answer = await server.open("{fails}")
    assert not answer.refused
    (result,) = await rest(answer)
    assert (result["data"], codes(result)) == ({"fails": None}, ["INTERNAL_SERVER_ERROR"])


async def test_a_subscription_begins_with_what_there_is_and_goes_on_with_what_happens(server: Server) -> None:
    server.log.snapshot = 2
    server.log.happen(5)
    answer = await server.open()
    assert (answer.kind, answer.refused) == ("subscription", False)
    assert await numbers(answer, 2) == [4, 5]
    server.log.happen(3)
    assert await numbers(answer, 3) == [6, 7, 8]
    await answer.frames.aclose()


async def test_frames_carry_the_cursor_to_resume_after(server: Server) -> None:
    server.log.happen(3)
    answer = await server.open(variables={"after": "1"})
    frame = await anext(answer.frames)
    assert (body(frame)["data"]["told"]["number"], frame.cursor) == (2, "2")
    await answer.frames.aclose()


async def test_the_callers_context_is_left_when_the_subscription_has_begun(server: Server) -> None:
    answer = await server.open(caller=Caller("ann"))
    assert server.log.contexts_left == 1
    first = await joined(answer)
    server.log.happen()
    assert await first == [1]
    assert server.log.contexts == 1
    await answer.frames.aclose()


async def test_a_subscription_that_begins_too_slowly_is_refused(log: Log) -> None:
    answer = await Server(log, limited(operation_seconds=0.01)).open('subscription{broken(how:"slow"){number}}')
    assert [codes(result) for result in await rest(answer)] == [["TIMEOUT"]]
    assert log.cancelled.is_set()


async def test_a_source_that_is_over_ends_its_streams(server: Server) -> None:
    server.log.happen()
    answer = await server.open(variables={"after": "0"})
    assert await numbers(answer, 1) == [1]
    server.log.happen()
    ending = asyncio.create_task(rest(answer))
    await until(lambda: server.log.followers)
    server.log.tell(None)
    assert [result["data"]["told"]["number"] for result in await ending] == [2]
    assert not server.streams.subscriptions


async def test_closing_a_stream_closes_its_source(server: Server) -> None:
    server.log.happen(3)
    answer = await server.open(variables={"after": "0"})
    assert await numbers(answer, 1) == [1]
    await answer.frames.aclose()
    assert server.log.closed == 1
    await until(lambda: server.log.unfollowed)
    assert not server.streams.groups
    assert not server.streams.subscriptions
