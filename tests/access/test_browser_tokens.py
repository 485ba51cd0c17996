"""Tokens that web pages carry: their origins, the kinds that they may start, and their single project."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import httpx2
import orjson
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Origin, Subprotocol

from models.origins import Origins, normalize_origin
from tests.access.tokens import CREATE, VIEWER, ask, create_token
from tests.api.session_inputs import MINIMAL_INPUTS, create_project
from tests.api_client import ApiClient, open_api
from tests.live_server import serve_app

APP: Final = "https://app.example.org"
OTHER: Final = "https://other.example"
REVOKE: Final = "mutation($id: ID!) { revokeToken(input: {id: $id}) { problems { code } } }"
START: Final = """mutation($input: StartSessionInput!) { startSession(input: $input) {
    session { kind project { id } } problems { code path message } } }"""


def bearer(created: dict[str, Any]) -> str:
    return f"Bearer {created['secret']}"


async def start(api: ApiClient, created: dict[str, Any], kind: str, **common: Any) -> dict[str, Any]:
    answer = await ask(api, START, bearer(created), input={**common, "variant": {kind: MINIMAL_INPUTS[kind]}})
    payload: dict[str, Any] = answer.json()["data"]["startSession"]
    return payload


async def preflight(api: ApiClient, origin: str) -> httpx2.Response:
    headers = {"origin": origin, "access-control-request-method": "POST"}
    headers["access-control-request-headers"] = "authorization, content-type"
    return await api.http.options("/graphql", headers=headers)


async def ask_from(api: ApiClient, origin: str | None, authorization: str | None) -> httpx2.Response:
    headers = {"authorization": authorization, "origin": origin}
    sent = {name: value for name, value in headers.items() if value is not None}
    return await api.http.post("/graphql", json={"query": VIEWER}, headers=sent)


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        (APP, APP),
        ("HTTPS://App.Example.ORG/", APP),
        ("https://app.example.org:443", APP),
        ("http://app.example.org:80", "http://app.example.org"),
        ("http://localhost:3000", "http://localhost:3000"),
        ("https://app.example.org:8443", "https://app.example.org:8443"),
        ("https://*.example.org", "https://*.example.org"),
        ("http://192.0.2.1", "http://192.0.2.1"),
        ("http://[2001:DB8:0:0:0:0:0:1]:3000", "http://[2001:db8::1]:3000"),
        ("http://[2001:db8::1]:8080", "http://[2001:db8::1]:8080"),
    ],
)
def test_origin_is_kept_as_browsers_send_it(text: str, normal: str) -> None:
    assert normalize_origin(text) == normal
    assert "*" in normal or Origins([normal]).contain(normal)


WRONG_ORIGINS: Final = (
    *("*", "null", "", "app.example.org", "ws://app.example.org", "https://", "https://a b", f"{APP}/path", f"{APP}?x"),
    *("https://*", "https://a.*.org", "https://app.example.org:99999", "https://user@app.example.org", "https://a..b"),
    *("https://[::zz]", "https://[1:2]", "https://é.example", f"{APP}\n", f"{APP},{OTHER}", "x" * 5_000),
)


async def test_malformed_origins_are_problems_at_their_paths(api: ApiClient) -> None:
    origins = list(WRONG_ORIGINS)
    created = await api.execute(CREATE, input={"name": "page", "scopes": ["WRITE"], "origins": origins})
    assert [problem["path"] for problem in created["problems"]] == [
        ["input", "origins", str(index)] for index in range(len(origins))
    ]
    assert created["problems"][0] == {
        "code": "BAD_USER_INPUT",
        "path": ["input", "origins", "0"],
        "message": "must be an origin, a scheme and a host, such as https://app.example.org, https://*.example.org "
        '(its subdomains) or http://localhost:3000, not "*"',
    }


@pytest.mark.parametrize(
    ("origin", "contained"),
    [
        ("https://a.example.org", True),
        ("https://a.b.example.org", True),
        ("https://example.org", False),
        ("https://evilexample.org", False),
        ("http://a.example.org", False),
        ("https://a.example.org:8443", False),
        ("https://evil.test/.example.org", False),
        ("https://evil.test:1@a.example.org", False),
        ("https://*.example.org", False),
        ("null", False),
        (None, False),
    ],
)
def test_wildcard_stands_for_subdomains(origin: str | None, *, contained: bool) -> None:
    assert Origins(["https://*.example.org"]).contain(origin) is contained


@pytest.mark.parametrize("origin", [None, OTHER, "null", "https://app.example.org.evil.test", "*"])
async def test_page_token_is_refused_elsewhere(api: ApiClient, origin: str | None) -> None:
    page = await create_token(api, name="page", scopes=["READ", "WRITE"], origins=[f"{APP.upper()}:443"])
    assert (await ask_from(api, APP, bearer(page))).status_code == 200
    refused = await ask_from(api, origin, bearer(page))
    assert (refused.status_code, refused.json()["errors"][0]["extensions"]["code"]) == (401, "UNAUTHENTICATED")


async def test_browser_may_send_to_the_server_from_pages_of_tokens(api: ApiClient) -> None:
    assert (await preflight(api, APP)).status_code == 400
    page = await create_token(api, name="page", scopes=["WRITE"], origins=[APP, "https://*.example.org"])
    for origin in (APP, "https://customer.example.org"):
        allowed = await preflight(api, origin)
        assert (allowed.status_code, allowed.headers["access-control-allow-origin"]) == (200, origin)
        assert "authorization" in allowed.headers["access-control-allow-headers"].lower()
        answer = await ask_from(api, origin, bearer(page))
        assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, origin)
        assert "Origin" in answer.headers["vary"]
    assert "access-control-allow-origin" not in (await preflight(api, OTHER)).headers
    await api.execute(REVOKE, id=page["token"]["id"])
    assert "access-control-allow-origin" not in (await preflight(api, APP)).headers


async def test_origin_is_admitted_until_its_last_token_expires(api: ApiClient) -> None:
    for minute in (30, 40):
        await create_token(api, name="page", scopes=["WRITE"], origins=[APP], expiresAt=f"2026-05-28T20:{minute}:00Z")
    statuses = []
    for _ in range(3):
        statuses.append((await preflight(api, APP)).status_code)
        await api.advance(600)
    assert statuses == [200, 200, 400]


async def test_page_that_a_token_lets_in_needs_a_token(api: ApiClient) -> None:
    await create_token(api, name="page", scopes=["WRITE"], origins=[APP])
    assert [(await ask_from(api, origin, None)).status_code for origin in (None, APP)] == [200, 401]


async def test_credentials_of_proxies_are_for_configured_origins_only(tmp_path: Path) -> None:
    async with open_api(tmp_path / "test.db", allowed_origins=(OTHER,), cors_credentials=True) as api:
        await create_token(api, name="page", scopes=["WRITE"], origins=[APP])
        found = [
            (await preflight(api, origin)).headers.get("access-control-allow-credentials") for origin in (OTHER, APP)
        ]
    assert found == ["true", None]


@asynccontextmanager
async def socket(port: int, origin: str) -> AsyncIterator[ClientConnection]:
    url, protocol = f"ws://127.0.0.1:{port}/graphql", Subprotocol("graphql-transport-ws")
    async with connect(url, subprotocols=[protocol], origin=Origin(origin)) as opened:
        yield opened


async def initialise(opened: ClientConnection, authorization: str | None) -> str | int | None:
    """Send `connection_init`. Returns the type of the answer, or the close code."""
    payload = {} if authorization is None else {"authorization": authorization}
    await opened.send(orjson.dumps({"type": "connection_init", "payload": payload}).decode())
    try:
        return str(orjson.loads(await opened.recv())["type"])
    except ConnectionClosed:
        return opened.close_code


async def test_socket_of_a_page_is_decided_by_its_token(api: ApiClient) -> None:
    page = await create_token(api, name="page", scopes=["WRITE"], origins=[APP])
    other = await create_token(api, name="other page", scopes=["WRITE"], origins=[OTHER])
    async with serve_app(api.app) as port:
        answers = []
        for origin, authorization in ((APP, bearer(page)), (APP, bearer(other)), (APP, None), (OTHER, bearer(page))):
            async with socket(port, origin) as opened:
                answers.append(await initialise(opened, authorization))
        assert answers == ["connection_ack", 4403, 4403, 4403]
        with pytest.raises(InvalidStatus, match="403"):
            async with socket(port, "https://stranger.example"):
                pass


async def test_start_of_another_kind_is_forbidden(api: ApiClient) -> None:
    page = await create_token(api, name="page", scopes=["WRITE"], kinds=["USER", "CLIENT"])
    for kind in MINIMAL_INPUTS:
        payload = await start(api, page, kind, timeoutSeconds=-1 if kind == "field" else None)
        if kind in ("user", "client"):
            assert (payload["session"]["kind"], payload["problems"]) == (kind.upper(), [])
        else:
            assert payload == {
                "session": None,
                "problems": [
                    {
                        "code": "FORBIDDEN",
                        "path": ["input", "variant"],
                        "message": f"must be of a kind that the caller may start (CLIENT or USER), not {kind.upper()}",
                    }
                ],
            }
    assert await api.execute("{ sessionStats { total } }") == {"total": 2}


async def test_session_starts_in_the_single_project_of_the_token(api: ApiClient) -> None:
    for name in ("one", "two"):
        await create_project(api, name)
    single = await create_token(api, name="page", scopes=["WRITE"], projectIds=["one"])
    both = await create_token(api, name="page", scopes=["WRITE"], projectIds=["one", "two"])
    assert (await start(api, single, "user"))["session"]["project"]["id"] == "one"
    for created, common in ((both, {}), (single, {"projectId": "two"}), (single, {"projectId": "default"})):
        (problem,) = (await start(api, created, "user", **common))["problems"]
        assert (problem["code"], problem["path"]) == ("NOT_FOUND", ["input", "projectId"])
