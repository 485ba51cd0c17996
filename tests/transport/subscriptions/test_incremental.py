"""Incremental delivery with @defer."""

import asyncio

import pytest

from tests.polling import wait_until
from tests.transport.subscriptions.stream_server import StreamServer, error_codes, frame_body, remaining
from transport.subscriptions import StreamOptions
from transport.subscriptions.incremental import IncrementalFrames

QUERY = '{hello thing{id ...@defer(label:"L"){name}}}'


async def test_deferred_fragment_is_a_second_payload(server: StreamServer) -> None:
    answer = await server.open(QUERY)
    assert answer.kind == "incremental"
    assert await remaining(answer) == [
        {
            "data": {"hello": "hello anybody", "thing": {"id": "1"}},
            "pending": [{"id": "0", "path": ["thing"], "label": "L"}],
            "hasNext": True,
        },
        {"hasNext": False, "incremental": [{"data": {"name": "one"}, "id": "0"}], "completed": [{"id": "0"}]},
    ]


@pytest.mark.parametrize(
    ("query", "options"),
    [
        (QUERY, StreamOptions(incremental=False)),
        ("{hello thing{id ...@defer(if:false){name}}}", StreamOptions()),
        ("{hello thing{id ...{name}}}", StreamOptions()),
    ],
)
async def test_result_is_single_without_defer_or_client_support(
    server: StreamServer, query: str, options: StreamOptions
) -> None:
    answer = await server.open(query, options=options)
    assert answer.kind == "single"
    assert await remaining(answer) == [{"data": {"hello": "hello anybody", "thing": {"id": "1", "name": "one"}}}]


async def test_nested_deferred_fragments_have_paths(server: StreamServer) -> None:
    answer = await server.open("{thing{id ...@defer{thing{id ...@defer{name}}}}}")
    parts = await remaining(answer)
    pending = [entry for part in parts for entry in part.get("pending", [])]
    assert [entry["path"] for entry in pending] == [["thing"], ["thing", "thing"]]
    assert {entry["id"] for entry in pending} == {entry["id"] for part in parts for entry in part.get("completed", [])}
    assert parts[-1]["hasNext"] is False


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ("{thing{fails ...@defer{name}}}", "first"),
        ("{thing{id ...@defer{fails}}}", "incremental"),
        ("{things{id ...@defer{thing{id thing{id fails}}}}}", "incremental"),
    ],
)
async def test_unexpected_errors_are_masked_in_every_payload(server: StreamServer, query: str, place: str) -> None:
    parts = await remaining(await server.open(query))
    received = parts[:1] if place == "first" else [entry for part in parts[1:] for entry in part[place]]
    assert [error_codes(entry) for entry in received] == [["INTERNAL_SERVER_ERROR"]] * len(received)
    assert received
    assert "hunter2" not in str(parts)


@pytest.mark.parametrize("query", ["{thing{unencodable ...@defer{name}}}", "{thing{id ...@defer{unencodable}}}"])
async def test_unencodable_value_ends_the_result(server: StreamServer, query: str) -> None:
    parts = await remaining(await server.open(query))
    last = parts[-1]
    assert last["hasNext"] is False
    errors = last.get("errors") or last["completed"][0]["errors"]
    assert error_codes({"errors": errors}) == ["INTERNAL_SERVER_ERROR"]


async def test_context_is_exited_after_the_last_payload(server: StreamServer) -> None:
    answer = await server.open(QUERY)
    await anext(answer.frames)
    assert server.log.contexts_exited == 0
    await anext(answer.frames)
    await answer.frames.aclose()
    assert server.log.contexts_exited == 1


async def test_payloads_share_the_time_limit_of_one_operation(server: StreamServer) -> None:
    answer = await server.open("{thing{id ...@defer{slow}}}")
    assert isinstance(answer.frames, IncrementalFrames)
    assert frame_body(await anext(answer.frames))["data"] == {"thing": {"id": "1"}}
    answer.frames._deadline = asyncio.get_running_loop().time() + 0.01  # most of the time limit is used up
    (part,) = await remaining(answer)
    (completed,) = part["completed"]
    assert (completed["id"], error_codes(completed), part["hasNext"]) == ("0", ["TIMEOUT"], False)
    await wait_until(server.log.slow_cancelled.is_set)
    assert server.log.contexts_exited == 1


async def test_closing_cancels_deferred_work(server: StreamServer) -> None:
    answer = await server.open("{thing{id ...@defer{slow}}}")
    assert frame_body(await anext(answer.frames))["hasNext"] is True
    await answer.frames.aclose()
    assert server.log.contexts_exited == 1
    answer = await server.open("{thing{id ...@defer{slow}}}")
    await anext(answer.frames)
    second = asyncio.ensure_future(anext(answer.frames))
    await server.log.slow_started.wait()
    second.cancel()
    await wait_until(second.done)
    await answer.frames.aclose()
    await wait_until(server.log.slow_cancelled.is_set)
    assert server.log.contexts_exited == 2


@pytest.mark.parametrize("query", ["subscription{event{number ...@defer{caller}}}", "{things@stream{id}}"])
async def test_defer_on_subscriptions_and_stream_are_refused(server: StreamServer, query: str) -> None:
    answer = await server.open(query)
    assert [error_codes(result) for result in await remaining(answer)] == [["GRAPHQL_VALIDATION_FAILED"]]
