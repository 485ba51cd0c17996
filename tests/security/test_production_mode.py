"""What production mode serves, and to which callers."""

import itertools
import json
from pathlib import Path
from typing import Any, Final

import httpx2
import orjson
import pytest
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from schema import sdl
from tests.live_server import serve_app
from tests.security.production import Production, open_production

INTROSPECTION: Final = ("{ __schema { types { name } } }", '{ __type(name: "Session") { name } }')
CALLERS: Final = (None, "reader", "writer", "guest", "admin")

REFUSED: Final = {None: ["UNAUTHENTICATED"], "admin": []}
"""The codes of an introspection query by caller; for any other: FORBIDDEN."""


async def test_introspection_needs_the_scope_admin(production: Production) -> None:
    for caller, document in itertools.product(CALLERS, INTROSPECTION):
        expected = REFUSED.get(caller, ["FORBIDDEN"])
        assert await production.codes(caller, document) == expected
        headers = production.headers(caller) | {"Accept": "text/event-stream"}
        stream = await production.api.http.post("/graphql", json={"query": document}, headers=headers)
        assert ("FORBIDDEN" in stream.text, "UNAUTHENTICATED" in stream.text) == (
            "FORBIDDEN" in expected,
            "UNAUTHENTICATED" in expected,
        )
        read = await production.api.http.get("/graphql", params={"query": document}, headers=production.headers(caller))
        assert read.json().get("errors", []) == [] if caller == "admin" else expected[0] in read.text


async def test_introspection_over_websocket_needs_the_scope_admin(production: Production) -> None:
    async with serve_app(production.api.app) as port:
        for caller, expected in (("reader", "error"), ("admin", "next")):
            url, protocols = f"ws://127.0.0.1:{port}/graphql", [Subprotocol("graphql-transport-ws")]
            async with connect(url, subprotocols=protocols) as socket:
                await socket.send(json.dumps({"type": "connection_init", "payload": production.headers(caller)}))
                assert orjson.loads(await socket.recv())["type"] == "connection_ack"
                await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": {"query": INTROSPECTION[0]}}))
                assert orjson.loads(await socket.recv())["type"] == expected


async def test_every_caller_may_ask_for_typenames(production: Production) -> None:
    for caller in ("reader", "writer", "admin"):
        assert await production.codes(caller, "{ __typename }") == []


@pytest.mark.parametrize(
    ("path", "served"), [("/schema.graphql", {"admin"}), ("/metrics", {"admin", "reader"})], ids=["schema", "metrics"]
)
async def test_schema_and_metrics_need_a_token(production: Production, path: str, served: set[str]) -> None:
    for caller in CALLERS:
        answer = await production.api.http.get(path, headers=production.headers(caller))
        assert answer.status_code == (401 if caller is None else 200 if caller in served else 403)
        if caller in served:
            assert answer.text == sdl() if path == "/schema.graphql" else "graphql_operations" in answer.text
        else:
            code = "UNAUTHENTICATED" if caller is None else "FORBIDDEN"
            assert answer.json()["errors"][0]["extensions"]["code"] == code


@pytest.mark.parametrize(("setting", "statuses"), [(True, [200, 200]), (False, [404, 404])])
async def test_setting_opens_or_closes_the_metrics(tmp_path: Path, *, setting: bool, statuses: list[int]) -> None:
    async with open_production(tmp_path / "test.db", metrics=setting) as production:
        callers = (None, "admin")
        answers = [await production.api.http.get("/metrics", headers=production.headers(caller)) for caller in callers]
        assert [answer.status_code for answer in answers] == statuses
        assert ("metrics" in (await production.api.http.get("/")).text) is setting


async def test_metrics_of_a_reachable_server_need_a_token(tmp_path: Path) -> None:
    async with open_production(tmp_path / "test.db", production=False, host="192.0.2.1") as reachable:
        for caller, status in ((None, 401), ("reader", 200), ("guest", 403)):
            assert (await reachable.api.http.get("/metrics", headers=reachable.headers(caller))).status_code == status


async def test_probes_and_documentation_need_no_token(production: Production) -> None:
    for path, text in (("/livez", "ok\n"), ("/readyz", "ready\n")):
        answer = await production.api.http.get(path)
        assert (answer.status_code, answer.text) == (200, text)
    assert (await production.api.http.get("/docs/domain.md")).status_code == 200


@pytest.mark.parametrize(("settings", "status"), [({}, 406), ({"graphiql": True}, 200)])
async def test_graphiql_is_served_by_setting(tmp_path: Path, settings: dict[str, Any], status: int) -> None:
    async with open_production(tmp_path / "test.db", **settings) as production:
        page = await production.api.http.get("/graphql", headers={"Accept": "text/html"})
        assert page.status_code == status
        assert ("GraphiQL" in page.text) is (status == 200)
        assert ("Open GraphiQL" in (await production.api.http.get("/")).text) is (status == 200)


async def test_setting_switches_graphiql_off_in_development(tmp_path: Path) -> None:
    async with open_production(tmp_path / "test.db", production=False, graphiql=False) as server:
        assert (await server.api.http.get("/graphql", headers={"Accept": "text/html"})).status_code == 406


async def test_production_allows_no_origin_by_default(production: Production) -> None:
    origins = ("http://localhost:3000", "http://127.0.0.1:8000", "null", "https://evil.example.com")
    async with serve_app(production.api.app) as port:
        for origin in origins:
            await assert_refused(production, port, origin)


async def assert_refused(production: Production, port: int, origin: str) -> None:
    """Assert that pages of an origin can neither read a response nor open a WebSocket."""
    headers = {"Origin": origin, **production.headers("admin")}
    answer = await production.api.http.post("/graphql", json={"query": "{ __typename }"}, headers=headers)
    assert "access-control-allow-origin" not in answer.headers
    preflight = {"Origin": origin, "Access-Control-Request-Method": "POST"}
    assert (await production.api.http.options("/graphql", headers=preflight)).status_code == 400
    handshake = {
        "Origin": origin,
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
        "Sec-WebSocket-Version": "13",
    }
    async with httpx2.AsyncClient() as http:
        assert (await http.get(f"http://127.0.0.1:{port}/graphql", headers=handshake)).status_code == 403


@pytest.mark.parametrize("mode", ["off", "log", "enforce"])
async def test_trusted_documents_hold_on_every_transport(tmp_path: Path, mode: str) -> None:
    manifest = tmp_path / "manifest.json"
    manifest.write_text(json.dumps({"viewer": "{ viewer { name } }"}))
    settings = {"trusted_documents": str(manifest), "trusted_documents_mode": mode}
    async with open_production(tmp_path / "test.db", **settings) as production:
        trusted, other = {"documentId": "viewer"}, {"query": "{ __typename }"}
        refused = mode == "enforce"
        for request, is_refused in ((trusted, False), (other, refused)):
            assert await forbidden_on_each_transport(production, request) == dict.fromkeys(TRANSPORTS, is_refused)


TRANSPORTS: Final = ("POST", "GET", "SSE", "WebSocket", "multipart")


async def forbidden_on_each_transport(production: Production, request: dict[str, str]) -> dict[str, bool]:
    """Send a request by each transport. Returns whether it was refused as FORBIDDEN; it ran otherwise."""
    headers, http = production.headers("reader"), production.api.http
    form = {"operations": (None, json.dumps(request)), "map": (None, "{}")}
    texts = {
        "POST": (await http.post("/graphql", json=request, headers=headers)).text,
        "GET": (await http.get("/graphql", params=request, headers=headers)).text,
        "SSE": (await http.post("/graphql", json=request, headers=headers | {"Accept": "text/event-stream"})).text,
        "multipart": (
            await http.post("/graphql", files=form, headers=headers | {"GraphQL-Require-Preflight": "1"})
        ).text,
    }
    async with serve_app(production.api.app) as port:
        url = f"ws://127.0.0.1:{port}/graphql"
        async with connect(url, subprotocols=[Subprotocol("graphql-transport-ws")]) as socket:
            await socket.send(json.dumps({"type": "connection_init", "payload": headers}))
            await socket.recv()
            await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": request}))
            texts["WebSocket"] = str(await socket.recv())
    assert all(('"data"' in text) is not ("FORBIDDEN" in text) for text in texts.values()), texts
    return {name: "FORBIDDEN" in text for name, text in texts.items()}
