"""Sharing of executions between subscribers."""

import asyncio
import gc
from typing import Any

import pytest
from graphql.execution.collect_fields import FieldDetails

from tests.polling import wait_until
from tests.transport.subscriptions.fake_source import Caller, FakeLog
from tests.transport.subscriptions.stream_server import SUBSCRIBE, StreamServer, frame_body, is_live, numbers, read_live
from transport.request import OperationRequest
from transport.subscriptions import Frame, StreamResponse

SUBSCRIBERS = 1_000
FIELDS = "{ number caller }"


async def frames(answer: StreamResponse, count: int) -> list[Frame]:
    return [await anext(answer.frames) for _ in range(count)]


async def deliver_to_all(server: StreamServer, answers: list[StreamResponse], times: int) -> list[list[Frame]]:
    tasks = [asyncio.create_task(frames(answer, times)) for answer in answers]
    await wait_until(lambda: all(map(is_live, answers)))
    server.log.executed.clear()
    server.log.append(times)
    return await asyncio.gather(*tasks)


async def test_thousand_equal_subscribers_share_each_execution(server: StreamServer) -> None:
    answers = [await server.open() for _ in range(SUBSCRIBERS)]
    received = await deliver_to_all(server, answers, 10)
    assert server.log.executed == list(range(1, 11))
    assert len({id(frame.payload) for stream in received for frame in stream}) == 10
    assert all(
        [frame_body(frame)["data"]["event"]["number"] for frame in stream] == list(range(1, 11)) for stream in received
    )
    assert (server.log.follow_count, len(server.streams.groups)) == (1, 1)


async def test_group_collects_its_selections_once(server: StreamServer) -> None:
    def collected() -> int:
        gc.collect()
        return sum(isinstance(found, FieldDetails) for found in gc.get_objects())

    answers = [await server.open()]
    await deliver_to_all(server, answers, 1)
    before = collected()
    await deliver_to_all(server, answers, 100)
    assert collected() == before


async def test_reconnected_subscribers_share_again(server: StreamServer) -> None:
    server.log.append(SUBSCRIBERS)
    answers = [await server.open(variables={"after": str(number)}) for number in range(SUBSCRIBERS)]
    for number in (0, 1, SUBSCRIBERS - 1):
        missed = list(range(number + 1, SUBSCRIBERS + 1))
        assert await numbers(answers[number], len(missed)) == missed
    for answer in answers:
        await answer.frames.aclose()
    answers = [await server.open(variables={"after": str(SUBSCRIBERS - number % 2)}) for number in range(SUBSCRIBERS)]
    await asyncio.gather(*(numbers(answer, 1) for answer in answers[1::2]))
    received = await deliver_to_all(server, answers, 10)
    assert server.log.executed == list(range(SUBSCRIBERS + 1, SUBSCRIBERS + 11))
    assert len({id(frame.payload) for stream in received for frame in stream}) == 10
    assert len(server.streams.groups) == 1


ANN, BOB = Caller("ann", "a"), Caller("bob", "b")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (OperationRequest(SUBSCRIBE), OperationRequest(SUBSCRIBE)),
        (OperationRequest(SUBSCRIBE, {"room": "x"}), OperationRequest(SUBSCRIBE, {"room": "x"})),
        (OperationRequest(SUBSCRIBE, {"after": "0"}), OperationRequest(SUBSCRIBE, {"after": "0"})),
        (OperationRequest(SUBSCRIBE, {"after": "0"}), OperationRequest(SUBSCRIBE)),
        # Input that imitates the other caller's key.
        (OperationRequest(SUBSCRIBE, {"room": "a"}), OperationRequest(SUBSCRIBE, {"room": "('a', None)"})),
        (OperationRequest(SUBSCRIBE, {"scope": "b"}), OperationRequest(SUBSCRIBE, {"scope": "a", "caller": "ann"})),
        (OperationRequest(SUBSCRIBE, {}, "Events"), OperationRequest(SUBSCRIBE, {}, None, {"key": ["a", None]})),
    ],
)
async def test_callers_with_other_scopes_never_share_results(
    server: StreamServer, one: OperationRequest, other: OperationRequest
) -> None:
    async def opened(caller: Caller, request: OperationRequest) -> StreamResponse:
        return await server.open(request.query or "", request.variables, caller=caller, extensions=request.extensions)

    answers = [await opened(ANN, one), await opened(BOB, other), await opened(ANN, one), await opened(BOB, other)]
    received = await deliver_to_all(server, answers, 3)
    seen = [{frame_body(frame)["data"]["event"]["caller"] for frame in stream} for stream in received]
    assert seen == [{"ann"}, {"bob"}, {"ann"}, {"bob"}]
    assert len(server.streams.groups) == 2


@pytest.mark.parametrize(
    ("query", "variables", "other_query", "other_variables"),
    [
        (SUBSCRIBE, {"room": "x"}, SUBSCRIBE, {"room": "y"}),
        (SUBSCRIBE, {"room": None}, SUBSCRIBE, {}),
        (SUBSCRIBE, {}, SUBSCRIBE + " ", {}),
        (f"subscription{{event{FIELDS}}}", {}, "subscription{event{number}}", {}),
        ('subscription{event(after:"1"){number}}', {}, 'subscription{event(after:"2"){number}}', {}),
        # Here `after` also selects items.
        (
            "subscription($after:String){event(room:$after after:$after){number}}",
            {"after": "1"},
            "subscription($after:String){event(room:$after after:$after){number}}",
            {"after": "2"},
        ),
        (
            "subscription($n:Int!){event{number text(size:$n)}}",
            {"n": 1},
            "subscription($n:Int!){event{number text(size:$n)}}",
            {"n": 2},
        ),
        (
            "subscription A{event{number}} subscription B{event{number text}}",
            {"operation_name": "A"},
            "subscription A{event{number}} subscription B{event{number text}}",
            {"operation_name": "B"},
        ),
    ],
)
async def test_different_queries_are_not_shared(
    server: StreamServer, query: str, variables: dict[str, Any], other_query: str, other_variables: dict[str, Any]
) -> None:
    answers = []
    for text, values in ((query, variables), (other_query, other_variables)):
        given = dict(values)
        name = given.pop("operation_name", None)
        answers.append(await server.open(text, given, operation_name=name))
    tasks = [await read_live(answer) for answer in answers if not answer.refused]
    assert len(tasks) == len(server.streams.groups) == 2
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@pytest.mark.parametrize(
    "query",
    [
        SUBSCRIBE,
        "subscription Events($room:String,$after:String!){event(room:$room,after:$after){number caller}}",
        "subscription Events($room:String,$after:String){...on Subscription{event(after:$after,room:$room){number}}}",
        "subscription Events($a:String,$after:String){event(after:$after){number}event(after:$after room:$a){number}}",
    ],
)
async def test_resume_variables_do_not_split_a_group(server: StreamServer, query: str) -> None:
    server.log.append(2)
    if query.count("event(") == 2:
        query = query.replace("event(after:$after)", "event(after:$after room:$a)")
    answers = [await server.open(query, {"after": after}) for after in ("2", "1", "0")]
    for answer, missed in zip(answers, ([], [2], [1, 2]), strict=True):
        assert await numbers(answer, len(missed)) == missed
    received = await deliver_to_all(server, answers, 2)
    assert server.log.executed == [3, 4]
    assert len({id(frame.payload) for stream in received for frame in stream}) == 2


async def test_resume_variables_are_hidden_from_results(server: StreamServer) -> None:
    query = "subscription($after:String $room:String){event(after:$after room:$room){number variables}}"
    server.log.append(2)
    answers = [await server.open(query, {"after": after, "room": "x"}) for after in ("1", "0")]
    first = [frame_body(await anext(answer.frames))["data"]["event"] for answer in answers]
    assert first == [
        {"number": 2, "variables": {"room": "x"}},
        {"number": 1, "variables": {"room": "x"}},
    ]
    await anext(answers[1].frames)
    received = await deliver_to_all(server, answers, 1)
    assert [frame_body(frame)["data"]["event"]["variables"] for (frame,) in received] == [{"room": "x"}] * 2


async def test_last_stream_ends_the_group(server: StreamServer, log: FakeLog) -> None:
    answers = [await server.open(), await server.open()]
    await deliver_to_all(server, answers, 1)
    await answers[0].frames.aclose()
    assert len(server.streams.groups) == 1
    await answers[1].frames.aclose()
    assert not server.streams.groups
    await wait_until(lambda: log.unfollow_count == 1)
    again = [await server.open()]
    await deliver_to_all(server, again, 1)
    assert log.follow_count == 2


async def test_items_during_catch_up_are_sent_once_in_order(server: StreamServer, log: FakeLog) -> None:
    answers = [await server.open() for _ in range(3)]
    await deliver_to_all(server, answers, 2)
    late = await server.open(variables={"after": "0"})
    log.on_open = lambda: log.append(2)
    assert await numbers(late, 2) == [1, 2]
    log.on_open = None
    log.append(2)
    assert await numbers(late, 4) == [3, 4, 5, 6]


async def test_items_covered_by_catch_up_are_not_repeated(server: StreamServer, log: FakeLog) -> None:
    first = await server.open()
    await deliver_to_all(server, [first], 1)
    late = await server.open(variables={"after": "0"})
    assert await numbers(late, 1) == [1]  # has joined the group and read the log
    log.append(1)
    assert await numbers(late, 1) == [2]
    begun = await server.open(variables={"after": "0"})
    log.append(1)  # delivered to the group before the new stream reads the log
    assert await numbers(begun, 3) == [1, 2, 3]
    log.append(1)
    assert await numbers(begun, 1) == [4]
