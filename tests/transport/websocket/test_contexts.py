"""Authentication and contexts."""

from typing import Any

import pytest

from tests.transport.fake_app import ExpectedError
from tests.transport.websocket.live_server import SUBSCRIBE, LiveServer


async def test_each_operation_has_a_context_with_the_init_payload(site: LiveServer) -> None:
    async with site.client({"name": "ann", "authorization": "Bearer x"}) as client:
        assert await client.execute("{hello}") == {"data": {"hello": "hello ann"}}
        assert await client.execute("{hello}") == {"data": {"hello": "hello ann"}}
    assert site.params == [{"name": "ann", "authorization": "Bearer x"}] * 3  # the first was for the init itself


async def test_init_payloads_are_separate(site: LiveServer) -> None:
    async with site.client({"name": "ann"}) as ann, site.client() as somebody, site.client({"name": "bob"}) as bob:
        assert await ann.execute("{hello}") == {"data": {"hello": "hello ann"}}
        assert await somebody.execute("{hello}") == {"data": {"hello": "hello anybody"}}
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
async def test_failed_context_closes_the_socket(site: LiveServer, error: Exception, end: tuple[int, str]) -> None:
    site.context_error = error
    async with site.connect() as client:
        await client.send({"type": "connection_init"})
        assert await client.wait_closed() == end
    site.context_error = None
    await site.assert_serves()


async def test_expired_authentication_closes_with_4403(site: LiveServer) -> None:
    async with site.client() as client:
        site.context_error = ExpectedError("Your token was revoked", code="UNAUTHENTICATED")
        await client.subscribe({"query": "{hello}"})
        assert await client.wait_closed() == (4403, "Forbidden")


async def test_unauthenticated_resolver_does_not_close_the_socket(
    site: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def subscribe(_root: Any, _info: Any, **_arguments: Any) -> None:
        raise ExpectedError("Not with this token", code="UNAUTHENTICATED")

    types = site.server.streams.execution.schema.subscription_type
    assert types is not None
    monkeypatch.setattr(types.fields["event"], "subscribe", subscribe)
    async with site.client() as client:
        await client.subscribe(SUBSCRIBE)
        message = await client.receive()
        assert (message["type"], message["payload"][0]["extensions"]["code"]) == ("error", "UNAUTHENTICATED")
        await client.execute("{hello}")


async def test_other_context_errors_fail_only_the_operation(site: LiveServer) -> None:
    async with site.client() as client:
        site.context_error = ExpectedError("Later", code="SERVICE_UNAVAILABLE")
        await client.subscribe({"query": "{hello}"})
        message = await client.receive()
        assert (message["type"], message["payload"][0]["extensions"]["code"]) == ("error", "SERVICE_UNAVAILABLE")
        site.context_error = None
        await client.execute("{hello}")
