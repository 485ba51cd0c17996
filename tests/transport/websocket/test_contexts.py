"""Who asks over a socket, and what becomes of those who may not, or no longer."""

from typing import Any

import pytest

from tests.transport.fake_app import Expected
from tests.transport.websocket.live_server import TOLD, Site


async def test_each_operation_has_a_context_that_knows_what_came_with_the_init(site: Site) -> None:
    async with site.client({"name": "ann", "authorization": "Bearer x"}) as client:
        assert await client.ask("{hello}") == {"data": {"hello": "hello ann"}}
        assert await client.ask("{hello}") == {"data": {"hello": "hello ann"}}
    assert site.params == [{"name": "ann", "authorization": "Bearer x"}] * 3  # the first was for the init itself


async def test_what_one_client_says_of_itself_is_not_known_of_another(site: Site) -> None:
    async with site.client({"name": "ann"}) as ann, site.client() as somebody, site.client({"name": "bob"}) as bob:
        assert await ann.ask("{hello}") == {"data": {"hello": "hello ann"}}
        assert await somebody.ask("{hello}") == {"data": {"hello": "hello anybody"}}
        assert await bob.ask("{hello}") == {"data": {"hello": "hello bob"}}


@pytest.mark.parametrize(
    ("error", "end"),
    [
        (Expected("Who are you?", code="UNAUTHENTICATED"), (4403, "Forbidden")),
        (Expected("Not you", code="FORBIDDEN"), (4403, "Forbidden")),
        (Expected("Later", code="SERVICE_UNAVAILABLE"), (1013, "SERVICE_UNAVAILABLE")),
        (Expected("Later", code="RATE_LIMITED"), (1013, "RATE_LIMITED")),
        (RuntimeError("hunter2"), (1013, "INTERNAL_SERVER_ERROR")),
    ],
)
async def test_a_client_that_gets_no_context_may_not_come_in(
    site: Site, error: Exception, end: tuple[int, str]
) -> None:
    site.context_error = error
    async with site.dial() as client:
        await client.send({"type": "connection_init"})
        assert await client.closed() == end
    site.context_error = None
    await site.serves()


async def test_a_client_that_may_no_longer_ask_is_closed(site: Site) -> None:
    async with site.client() as client:
        site.context_error = Expected("Your token was revoked", code="UNAUTHENTICATED")
        await client.subscribe({"query": "{hello}"})
        assert await client.closed() == (4403, "Forbidden")


async def test_a_subscription_that_needs_a_better_token_does_not_close_the_socket(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def subscribe(_root: Any, _info: Any, **_arguments: Any) -> None:
        raise Expected("Not with this token", code="UNAUTHENTICATED")

    types = site.server.streams.execution.schema.subscription_type
    assert types is not None
    monkeypatch.setattr(types.fields["told"], "subscribe", subscribe)
    async with site.client() as client:
        await client.subscribe(TOLD)
        message = await client.receive()
        assert (message["type"], message["payload"][0]["extensions"]["code"]) == ("error", "UNAUTHENTICATED")
        await client.ask("{hello}")


async def test_any_other_fault_of_the_context_is_told_to_the_operation(site: Site) -> None:
    async with site.client() as client:
        site.context_error = Expected("Later", code="SERVICE_UNAVAILABLE")
        await client.subscribe({"query": "{hello}"})
        message = await client.receive()
        assert (message["type"], message["payload"][0]["extensions"]["code"]) == ("error", "SERVICE_UNAVAILABLE")
        site.context_error = None
        await client.ask("{hello}")
