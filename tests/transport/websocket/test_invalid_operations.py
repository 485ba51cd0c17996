"""Invalid operations on a socket that stays open."""

from typing import Any

import pytest

from tests.transport.websocket.live_server import SUBSCRIBE, LiveServer


def nested(depth: int) -> Any:
    value: list[Any] = []
    for _ in range(depth - 1):
        value = [value]
    return value


# Also see tests/bad_inputs/websocket_cases.py.
WRONG: dict[str, tuple[Any, str]] = {
    "an empty query": ({"query": ""}, "GRAPHQL_PARSE_FAILED"),
    "a missing operation": ({"query": "query A{hello} query B{hello}"}, "OPERATION_RESOLUTION_FAILURE"),
    "an unknown operation": ({"query": "{hello}", "operationName": "A"}, "OPERATION_RESOLUTION_FAILURE"),
    "NUL in the query": ({"query": "{hello} #\0"}, "BAD_USER_INPUT"),
    "deep variables": (SUBSCRIBE | {"variables": {"room": nested(40)}}, "QUERY_TOO_COMPLEX"),
}


@pytest.mark.parametrize("what", WRONG)
async def test_invalid_operation_gets_error_and_socket_stays_open(server: LiveServer, what: str) -> None:
    payload, code = WRONG[what]
    async with server.client() as client:
        await client.subscribe(SUBSCRIBE, "other")
        await client.subscribe(payload, "é")
        message = await client.receive()
        assert (message["id"], message["type"]) == ("é", "error")
        assert [error["extensions"]["code"] for error in message["payload"]] == [code]
        # No `complete` follows, and the id can be reused.
        assert await client.execute("{hello}", "é") == {"data": {"hello": "hello anybody"}}
        server.log.append()
        received = await client.receive()
        assert (received["id"], received["type"]) == ("other", "next")


@pytest.mark.parametrize("value", ['"\\ud83d"', "18446744073709551616"], ids=["lone surrogate", "more than 64 bits"])
async def test_unencodable_value_fails_only_its_operation(server: LiveServer, value: str) -> None:
    async with server.client() as client:
        await client.send(
            f'{{"id":"1","type":"subscribe","payload":{{"query":"{{hello}}","variables":{{"a":{value}}}}}}}'
        )
        message = await client.receive()
        assert (message["id"], message["type"]) == ("1", "error")
        assert message["payload"][0]["extensions"]["code"] == "BAD_USER_INPUT"
        assert await client.execute("{hello}") == {"data": {"hello": "hello anybody"}}
