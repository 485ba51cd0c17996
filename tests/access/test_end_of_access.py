"""Open streams, sockets and operations when their caller's access ends."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

import httpx2
import orjson
import pytest
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from models.errors import StorageUnavailable
from tests.access.tokens import create_token
from tests.api_client import ApiClient
from tests.live_server import serve_app

SUBSCRIPTION: Final = "subscription { activeSessions { __typename } }"
REVOKE: Final = "mutation($id: ID!) { revokeToken(input: {id: $id}) { problems { code } } }"


async def end_access(api: ApiClient, token: dict[str, Any], how: str) -> None:
    if how == "revocation":
        await api.execute(REVOKE, id=token["id"])
    else:
        await api.advance(3_600)
    await api.app.state.access_check.run()


@asynccontextmanager
async def reader_token(api: ApiClient) -> AsyncIterator[tuple[int, dict[str, Any]]]:
    """Serve; yields the port and the payload of a token that expires in an hour."""
    async with serve_app(api.app) as port, asyncio.timeout(30):
        yield port, await create_token(api, name="wall", scopes=["READ"], expiresAt="2026-05-28T21:26:40Z")


@pytest.mark.parametrize("how", ["revocation", "expiry"])
@pytest.mark.parametrize("subscribes", [True, False])
async def test_end_of_access_closes_sockets_with_4403(api: ApiClient, how: str, *, subscribes: bool) -> None:
    async with (
        reader_token(api) as (port, created),
        connect(f"ws://127.0.0.1:{port}/graphql", subprotocols=[Subprotocol("graphql-transport-ws")]) as socket,
    ):
        payload = {"authorization": f"Bearer {created['secret']}"}
        await socket.send(orjson.dumps({"type": "connection_init", "payload": payload}).decode())
        assert orjson.loads(await socket.recv()) == {"type": "connection_ack"}
        if subscribes:
            subscribe = {"id": "1", "type": "subscribe", "payload": {"query": SUBSCRIPTION}}
            await socket.send(orjson.dumps(subscribe).decode())
            assert orjson.loads(await socket.recv())["type"] == "next"
        await end_access(api, created["token"], how)
        await socket.wait_closed()
        assert (socket.close_code, socket.close_reason) == (4403, "Access has ended")


async def test_expiry_closes_sockets_while_the_database_is_unavailable(
    api: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: Any) -> None:
        raise StorageUnavailable("the database is locked")

    async with (
        reader_token(api) as (port, created),
        connect(f"ws://127.0.0.1:{port}/graphql", subprotocols=[Subprotocol("graphql-transport-ws")]) as socket,
    ):
        payload = {"authorization": f"Bearer {created['secret']}"}
        await socket.send(orjson.dumps({"type": "connection_init", "payload": payload}).decode())
        assert orjson.loads(await socket.recv()) == {"type": "connection_ack"}
        await api.advance(3_600)
        monkeypatch.setattr(api.app.state.services.database, "read", fail)
        with suppress(StorageUnavailable):
            await api.app.state.access_check.run()
        await socket.wait_closed()
        assert socket.close_code == 4403


@pytest.mark.parametrize("how", ["revocation", "expiry"])
@pytest.mark.parametrize("accept", ["text/event-stream", 'multipart/mixed;subscriptionSpec="1.0"'])
async def test_end_of_access_is_the_last_event_of_a_stream(api: ApiClient, how: str, accept: str) -> None:
    async with reader_token(api) as (port, created), httpx2.AsyncClient() as http:
        headers = {"accept": accept, "authorization": f"Bearer {created['secret']}"}
        request = http.stream("POST", f"http://127.0.0.1:{port}/graphql", json={"query": SUBSCRIPTION}, headers=headers)
        async with request as response:
            text = ""
            async for chunk in response.aiter_text():
                text += chunk
                if "SessionSnapshot" in text and "UNAUTHENTICATED" not in text:
                    await end_access(api, created["token"], how)
    assert text.count("UNAUTHENTICATED") == 1
    assert text.endswith("event: complete\ndata:\n\n" if accept == "text/event-stream" else "--graphql--\r\n")
    assert not api.app.state.streams.open_resources.clients


async def test_other_callers_keep_their_streams(api: ApiClient) -> None:
    async with (
        reader_token(api) as (port, created),
        connect(f"ws://127.0.0.1:{port}/graphql", subprotocols=[Subprotocol("graphql-transport-ws")]) as socket,
    ):
        await socket.send('{"type": "connection_init"}')
        assert orjson.loads(await socket.recv()) == {"type": "connection_ack"}
        await end_access(api, created["token"], "revocation")
        await socket.send('{"type": "ping"}')
        assert orjson.loads(await socket.recv()) == {"type": "pong"}
