"""Operations that run, and requests that arrive, when their caller's token is revoked."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Final

import httpx2
import orjson
import pytest
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from tests.access.tokens import VIEWER, ask, create_token, revoke_token
from tests.api_client import ApiClient
from tests.blobs.form_client import HEADERS, JPEG, FilePart, FormClient, start_body
from tests.live_server import serve_app

QUERY: Final = '{ session(id: "s") { id } }'
MUTATION: Final = 'mutation { startSession(input: {variant: {user: {username: "ann"}}}) { session { id } } }'
DEFERRED: Final = '{ viewer { name } ... @defer { session(id: "s") { id } } }'
MIXED: Final = "multipart/mixed; incrementalSpec=v0.2, application/json"


class HeldField:
    """Resolver that does not return; `cancelled` is set when it is cancelled."""

    def __init__(self) -> None:
        self.running = asyncio.Event()
        self.cancelled = asyncio.Event()

    async def __call__(self, *_: Any) -> Any:
        self.running.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.cancelled.set()


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> HeldField:
    field = HeldField()
    monkeypatch.setattr("schema.queries.get_session", field)
    monkeypatch.setattr("resolvers.lifecycle.service.start_session", field)
    return field


async def revoke_and_check(api: ApiClient, created: dict[str, Any]) -> None:
    await revoke_token(api, created)
    await api.app.state.access_check.run()


@pytest.mark.parametrize("document", [QUERY, MUTATION])
async def test_revocation_ends_a_running_request(api: ApiClient, held: HeldField, document: str) -> None:
    created = await create_token(api, name="a", scopes=["READ", "WRITE"])
    request = asyncio.create_task(ask(api, document, f"Bearer {created['secret']}"))
    await held.running.wait()
    await revoke_and_check(api, created)
    response = await request
    assert response.status_code == 401
    assert response.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    assert held.cancelled.is_set()


@pytest.mark.parametrize("document", [QUERY, MUTATION])
async def test_revocation_ends_a_running_operation_of_a_socket(api: ApiClient, held: HeldField, document: str) -> None:
    created = await create_token(api, name="a", scopes=["READ", "WRITE"])
    async with (
        serve_app(api.app) as port,
        connect(f"ws://127.0.0.1:{port}/graphql", subprotocols=[Subprotocol("graphql-transport-ws")]) as socket,
    ):
        payload = {"authorization": f"Bearer {created['secret']}"}
        await socket.send(orjson.dumps({"type": "connection_init", "payload": payload}).decode())
        await socket.send(orjson.dumps({"type": "subscribe", "id": "1", "payload": {"query": document}}).decode())
        await held.running.wait()
        await revoke_and_check(api, created)
        await socket.wait_closed()
        assert socket.close_code == 4403
        await held.cancelled.wait()


async def test_revocation_ends_a_deferred_response(api: ApiClient, held: HeldField) -> None:
    created = await create_token(api, name="a", scopes=["READ"])
    headers = {"accept": MIXED, "authorization": f"Bearer {created['secret']}"}
    async with serve_app(api.app) as port, httpx2.AsyncClient() as http, asyncio.timeout(30):
        request = http.stream("POST", f"http://127.0.0.1:{port}/graphql", json={"query": DEFERRED}, headers=headers)
        async with request as response:
            text = ""
            async for chunk in response.aiter_text():
                text += chunk
                if '"name":"a"' in text and not held.cancelled.is_set():
                    await held.running.wait()
                    await revoke_and_check(api, created)
    assert text.count("UNAUTHENTICATED") == 1
    assert text.endswith("--graphql--\r\n")


@pytest.mark.parametrize("how", ["revocation", "expiry"])
async def test_end_of_access_ends_an_upload(device: FormClient, how: str) -> None:
    api = device.api
    created = await create_token(api, name="a", scopes=["WRITE"], expiresAt="2026-05-28T21:26:40Z")
    whole = start_body({"photo": FilePart(JPEG, "a.jpg", "image/jpeg")})

    async def body() -> AsyncIterator[bytes]:
        yield whole[:-60]
        if how == "expiry":
            await api.advance(3_600)
        await revoke_and_check(api, created) if how == "revocation" else await api.app.state.access_check.run()
        await asyncio.Event().wait()

    headers = {**HEADERS, "authorization": f"Bearer {created['secret']}", "accept": "application/graphql-response+json"}
    async with asyncio.timeout(30):
        response = await api.http.post("/graphql", content=body(), headers=headers)
    assert (response.status_code, response.headers["connection"]) == (401, "close")
    assert response.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    assert (device.stored_digests(), await device.row_counts()) == (set(), {"stored_file": 0, "attachment": 0})


async def test_revoked_token_is_refused_on_every_transport_at_once(api: ApiClient) -> None:
    created = await create_token(api, name="a", scopes=["READ"])
    authorization = f"Bearer {created['secret']}"
    assert (await ask(api, VIEWER, authorization)).status_code == 200
    async with serve_app(api.app) as port, httpx2.AsyncClient() as http:
        await revoke_token(api, created)
        origin = f"127.0.0.1:{port}/graphql"
        for accept in ("application/json", "text/event-stream", 'multipart/mixed;subscriptionSpec="1.0"', MIXED):
            headers = {"accept": accept, "authorization": authorization}
            response = await http.post(f"http://{origin}", json={"query": VIEWER}, headers=headers)
            assert "UNAUTHENTICATED" in response.text
        response = await http.get(
            f"http://{origin}", params={"query": VIEWER}, headers={"authorization": authorization}
        )
        assert "UNAUTHENTICATED" in response.text
        async with connect(f"ws://{origin}", subprotocols=[Subprotocol("graphql-transport-ws")]) as socket:
            init = {"type": "connection_init", "payload": {"authorization": authorization}}
            await socket.send(orjson.dumps(init).decode())
            await socket.wait_closed()
            assert socket.close_code == 4403


async def test_sockets_without_a_credential_end_when_one_is_required(api: ApiClient) -> None:
    async with (
        serve_app(api.app) as port,
        connect(f"ws://127.0.0.1:{port}/graphql", subprotocols=[Subprotocol("graphql-transport-ws")]) as socket,
    ):
        await socket.send('{"type": "connection_init"}')
        assert orjson.loads(await socket.recv()) == {"type": "connection_ack"}
        await create_token(api, name="browser", scopes=["WRITE"])
        await api.app.state.access_check.run()
        await socket.send('{"type": "ping"}')
        assert orjson.loads(await socket.recv()) == {"type": "pong"}
        await create_token(api, name="admin", scopes=["ADMIN"])
        await api.app.state.access_check.run()
        await socket.wait_closed()
        assert socket.close_code == 4403
