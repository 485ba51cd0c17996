"""Authentication and contexts."""

from typing import Any

import pytest

from tests.transport.fake_app import ExpectedError
from tests.transport.websocket.live_server import SUBSCRIBE, LiveServer


async def test_client_is_authenticated_once_by_the_init_payload(server: LiveServer) -> None:
    async with server.client({"name": "ann", "authorization": "Bearer x"}) as client:
        assert await client.execute("{hello}") == {"data": {"hello": "hello ann"}}
        assert await client.execute("{hello}") == {"data": {"hello": "hello ann"}}
    assert server.params == [{"name": "ann", "authorization": "Bearer x"}]


async def test_init_payloads_are_separate(server: LiveServer) -> None:
    async with (
        server.client({"name": "ann"}) as ann,
        server.client() as anonymous,
        server.client({"name": "bob"}) as bob,
    ):
        assert await ann.execute("{hello}") == {"data": {"hello": "hello ann"}}
        assert await anonymous.execute("{hello}") == {"data": {"hello": "hello anybody"}}
        assert await bob.execute("{hello}") == {"data": {"hello": "hello bob"}}


@pytest.mark.parametrize(
    ("error", "end"),
    [
        (ExpectedError("Who are you?", code="UNAUTHENTICATED"), (4403, "Forbidden")),
        (ExpectedError("Not you", code="FORBIDDEN"), (4403, "Forbidden")),
        (ExpectedError("Later", code="SERVICE_UNAVAILABLE"), (1013, "SERVICE_UNAVAILABLE")),
        (ExpectedError("Later", code="RATE_LIMITED"), (1013, "RATE_LIMITED")),
        (RuntimeError("hunter2"), (1013, "INTERNAL_SERVER_ERROR")),
    ],
)
async def test_failed_context_closes_the_socket(server: LiveServer, error: Exception, end: tuple[int, str]) -> None:
    server.context_error = error
    async with server.connect() as client:
        await client.send({"type": "connection_init"})
        assert await client.wait_closed() == end
    server.context_error = None
    await server.assert_serves()


async def test_expired_authentication_closes_with_4403(server: LiveServer) -> None:
    async with server.client() as client:
        server.context_error = ExpectedError("Your token was revoked", code="UNAUTHENTICATED")
        await client.subscribe({"query": "{hello}"})
        assert await client.wait_closed() == (4403, "Forbidden")


async def test_unauthenticated_resolver_does_not_close_the_socket(
    server: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def subscribe(_root: Any, _info: Any, **_arguments: Any) -> None:
        raise ExpectedError("Not with this token", code="UNAUTHENTICATED")

    types = server.streams.execution.schema.subscription_type
    assert types is not None
    monkeypatch.setattr(types.fields["event"], "subscribe", subscribe)
    async with server.client() as client:
        await client.subscribe(SUBSCRIBE)
        message = await client.receive()
        assert (message["type"], message["payload"][0]["extensions"]["code"]) == ("error", "UNAUTHENTICATED")
        await client.execute("{hello}")


async def test_other_context_errors_fail_only_the_operation(server: LiveServer) -> None:
    async with server.client() as client:
        server.context_error = ExpectedError("Later", code="SERVICE_UNAVAILABLE")
        await client.subscribe({"query": "{hello}"})
        message = await client.receive()
        assert (message["type"], message["payload"][0]["extensions"]["code"]) == ("error", "SERVICE_UNAVAILABLE")
        server.context_error = None
        await client.execute("{hello}")
