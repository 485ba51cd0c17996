"""Authentication by tokens, over HTTP."""

import hmac
from pathlib import Path
from typing import Any, Final

import orjson
import pytest
from structlog.testing import capture_logs
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from resolvers.tokens import authenticator, secrets
from tests.access.tokens import REVOKE, VIEWER, ask, create_token
from tests.api_client import ApiClient, open_api
from tests.live_server import serve_app


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "Token", "JWT"])
async def test_token_authenticates_its_caller(api: ApiClient, scheme: str) -> None:
    created = await create_token(api, name="kiosk", scopes=["READ"], projectIds=["default"])
    answer = await ask(api, VIEWER, f"{scheme} {created['secret']}")
    assert answer.json() == {"data": {"viewer": {"name": "kiosk", "scopes": ["READ"], "projects": ["default"]}}}


async def test_wrong_credentials_look_the_same(api: ApiClient) -> None:
    valid = (await create_token(api, name="a", scopes=["READ"]))["secret"]
    revoked = await create_token(api, name="b", scopes=["READ"])
    await api.execute(REVOKE, id=revoked["token"]["id"])
    expired = await create_token(api, name="c", scopes=["READ"], expiresAt="2026-05-29T00:00:00Z")
    await api.advance(86_400)
    other_ending = valid[:20] + ("a" if valid[20] != "a" else "b") + valid[21:]
    answers = [
        await ask(api, VIEWER, f"Bearer {credential}")
        for credential in (revoked["secret"], expired["secret"], other_ending, "sgt_x", "x" * 9_000, "é")
    ]
    assert {answer.status_code for answer in answers} == {401}
    assert {answer.headers["www-authenticate"] for answer in answers} == {"Bearer"}
    assert {answer.json()["errors"][0]["extensions"]["code"] for answer in answers} == {"UNAUTHENTICATED"}
    assert len({answer.text for answer in answers[:4]}) == 1


@pytest.mark.parametrize("header", ["", "Bearer", "Basic dXNlcjpwYXNz", "Bearer  "])
async def test_header_without_a_credential_is_refused(api: ApiClient, header: str) -> None:
    assert (await ask(api, VIEWER, header or " ")).status_code == 401


async def test_callers_need_a_credential_once_an_admin_token_exists(api: ApiClient) -> None:
    await create_token(api, name="browser", scopes=["WRITE"])
    assert (await ask(api, VIEWER)).json()["data"]["viewer"]["name"] == "local"
    admin = await create_token(api, name="admin", scopes=["ADMIN"])
    assert (await ask(api, VIEWER)).status_code == 401
    # Revoking the last one must not open the server again.
    answer = await ask(api, REVOKE, f"Bearer {admin['secret']}", id=admin["token"]["id"])
    assert answer.json()["data"]["revokeToken"]["problems"] == []
    assert [(await ask(api, VIEWER, header)).status_code for header in (None, f"Bearer {admin['secret']}")] == [401] * 2


async def test_secret_is_compared_in_constant_time(api: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = (await create_token(api, name="a", scopes=["READ"]))["secret"]
    compared: list[tuple[bytes, bytes]] = []

    def compare(one: bytes, other: bytes) -> bool:
        compared.append((one, other))
        return hmac.compare_digest(one, other)

    monkeypatch.setattr(authenticator, "compare_digest", compare)
    assert (await ask(api, VIEWER, f"Bearer {secret}")).status_code == 200
    assert [len(one) for one, _ in compared] == [32]
    monkeypatch.setattr(authenticator, "compare_digest", lambda *_: False)
    assert (await ask(api, VIEWER, f"Bearer {secret}")).status_code == 401


async def test_only_the_hash_of_a_secret_is_stored(api: ApiClient) -> None:
    secret = (await create_token(api, name="a", scopes=["READ"]))["secret"]
    stored: list[Any] = await api.app.state.services.database.read(
        lambda tx: [*map(str, tx.exec_driver_sql("SELECT * FROM token").one())]
    )
    assert [value for value in stored if secret[12:] in value] == []


async def test_use_of_a_token_is_recorded_to_the_minute(api: ApiClient) -> None:
    created = await create_token(api, name="a", scopes=["READ"])
    await ask(api, VIEWER, f"Bearer {created['secret']}")
    await api.advance(60)
    await api.app.state.access_check.record_last_used()
    found = await api.execute(
        "query($id: ID!) { node(id: $id) { ... on Token { lastUsedAt } } }", id=created["token"]["id"]
    )
    assert found == {"lastUsedAt": "2026-05-28T20:26:40.000Z"}


FORWARDING: Final = [
    ("x-forwarded-for", "203.0.113.7"),
    ("forwarded", "for=203.0.113.7"),
    ("via", "1.1 proxy"),
    ("x-real-ip", "203.0.113.7"),
]


@pytest.mark.parametrize("header", FORWARDING)
async def test_request_through_a_proxy_needs_a_credential(api: ApiClient, header: tuple[str, str]) -> None:
    secret = (await create_token(api, name="reader", scopes=["READ"]))["secret"]
    body, forwarded = {"query": VIEWER}, dict([header])
    response = await api.http.post("/graphql", json=body, headers=forwarded)
    assert response.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    headers = forwarded | {"authorization": f"Bearer {secret}"}
    response = await api.http.post("/graphql", json=body, headers=headers)
    assert response.json()["data"]["viewer"]["name"] == "reader"


async def test_insecure_server_accepts_requests_through_a_proxy_and_tokens(tmp_path: Path) -> None:
    async with open_api(tmp_path / "test.db", insecure=True) as api:
        secret = (await create_token(api, name="root", scopes=["ADMIN"]))["secret"]
        for headers, name in (
            (dict(FORWARDING), "local"),
            ({}, "local"),
            ({"authorization": f"Bearer {secret}"}, "root"),
        ):
            response = await api.http.post("/graphql", json={"query": VIEWER}, headers=headers)
            assert response.json()["data"]["viewer"]["name"] == name
        # A wrong credential is an error of its sender, also where none is needed.
        assert (await ask(api, VIEWER, f"Bearer {secret[:-1]}")).status_code == 401


async def test_server_stays_closed_when_its_last_administrator_expires(api: ApiClient) -> None:
    secret = (await create_token(api, name="root", scopes=["ADMIN"], expiresAt="2026-05-28T21:26:40Z"))["secret"]
    await api.advance(3_600)
    assert [(await ask(api, VIEWER, header)).status_code for header in (None, f"Bearer {secret}")] == [401] * 2


async def test_refused_credentials_are_logged_without_them(api: ApiClient) -> None:
    secret = secrets.new_secret()
    async with serve_app(api.app) as port:
        with capture_logs() as lines:
            assert (await ask(api, VIEWER, f"Bearer {secret}")).status_code == 401
            url, protocols = f"ws://127.0.0.1:{port}/graphql", [Subprotocol("graphql-transport-ws")]
            async with connect(url, subprotocols=protocols) as socket:
                init = {"type": "connection_init", "payload": {"authorization": f"Bearer {secret}"}}
                await socket.send(orjson.dumps(init).decode())
                await socket.wait_closed()
    assert [line["outcome"] for line in lines if line["event"] == "operation"] == [["UNAUTHENTICATED"]] * 2
    assert secret[4:12] not in repr(lines)
