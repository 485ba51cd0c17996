"""Invalid operations on a socket that stays open."""

from typing import Any

import pytest

from tests.transport.websocket.live_server import SUBSCRIBE, LiveServer


def nested(depth: int) -> Any:
    value: list[Any] = []
    for _ in range(depth - 1):
        value = [value]
    return value


WRONG: dict[str, tuple[Any, str]] = {
    "a syntax error": ({"query": "{"}, "GRAPHQL_PARSE_FAILED"),
    "an empty query": ({"query": ""}, "GRAPHQL_PARSE_FAILED"),
    "an unknown field": ({"query": "{nothing}"}, "GRAPHQL_VALIDATION_FAILED"),
    "a missing operation": ({"query": "query A{hello} query B{hello}"}, "OPERATION_RESOLUTION_FAILURE"),
    "an unknown operation": ({"query": "{hello}", "operationName": "A"}, "OPERATION_RESOLUTION_FAILURE"),
    "a variable of the wrong type": (SUBSCRIBE | {"variables": {"room": 7}}, "BAD_USER_INPUT"),
    "too many aliases": ({"query": "{" + " ".join(f"a{n}:hello" for n in range(40)) + "}"}, "QUERY_TOO_COMPLEX"),
    "NUL in a variable": (SUBSCRIBE | {"variables": {"room": "\0"}}, "BAD_USER_INPUT"),
    "NUL in the query": ({"query": "{hello} #\0"}, "BAD_USER_INPUT"),
    "deep variables": (SUBSCRIBE | {"variables": {"room": nested(40)}}, "QUERY_TOO_COMPLEX"),
    "a subscription that may not begin": (SUBSCRIBE | {"variables": {"room": "locked"}}, "FORBIDDEN"),
}


@pytest.mark.parametrize("what", WRONG)
async def test_invalid_operation_gets_error_and_socket_stays_open(site: LiveServer, what: str) -> None:
    payload, code = WRONG[what]
    async with site.client() as client:
        await client.subscribe(SUBSCRIBE, "other")
        await client.subscribe(payload, "é")
        message = await client.receive()
        assert (message["id"], message["type"]) == ("é", "error")
        assert [error["extensions"]["code"] for error in message["payload"]] == [code]
        # Nothing comes after it, and the id is free again.
        assert await client.execute("{hello}", "é") == {"data": {"hello": "hello anybody"}}
        site.log.append()
        received = await client.receive()
        assert (received["id"], received["type"]) == ("other", "next")


async def test_lone_surrogate_fails_only_its_operation(site: LiveServer) -> None:
    async with site.client() as client:
        await client.send('{"id":"1","type":"subscribe","payload":{"query":"{hello}","variables":{"a":"\\ud83d"}}}')
        message = await client.receive()
        assert (message["id"], message["type"]) == ("1", "error")
        assert message["payload"][0]["extensions"]["code"] == "BAD_USER_INPUT"
        assert await client.execute("{hello}") == {"data": {"hello": "hello anybody"}}


async def test_integer_beyond_64_bits_fails_only_its_operation(site: LiveServer) -> None:
    async with site.client() as client:
        await client.send(
            '{"id":"1","type":"subscribe","payload":{"query":"{hello}","variables":{"a":18446744073709551616}}}'
        )
        message = await client.receive()
        assert (message["id"], message["type"]) == ("1", "error")
        assert message["payload"][0]["extensions"]["code"] == "BAD_USER_INPUT"
        assert await client.execute("{hello}") == {"data": {"hello": "hello anybody"}}


async def test_operation_above_the_limit_gets_an_error(site: LiveServer) -> None:
    async with site.client() as client:
        for number in range(51):
            await client.subscribe(SUBSCRIBE, str(number))
        message = await client.receive()
        assert (message["id"], message["type"]) == ("50", "error")
        assert message["payload"][0]["extensions"]["maximum"] == 50
        await client.send({"id": "7", "type": "complete"})
        assert await client.execute("{hello}") == {"data": {"hello": "hello anybody"}}
