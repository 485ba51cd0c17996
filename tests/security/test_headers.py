"""Security headers: on every response, whatever the route and the outcome."""

import re
from pathlib import Path
from typing import Any, Final

import httpx2
import pytest
from starlette.routing import Mount, Route, WebSocketRoute

from tests.api_client import ApiClient
from tests.blobs.form_client import FilePart, FormClient, values_by_name
from tests.live_server import send_raw, serve_app
from tests.security.production import Production

REQUIRED: Final = {"x-content-type-options", "content-security-policy", "referrer-policy"}
REVEALING: Final = {"server", "x-powered-by", "via", "x-aspnet-version", "x-runtime"}

EXTRA_PATHS: Final = ("/nothing", "/static/graphiql.js", "/static/vendor/graphiql.js", "/static/none", "/files/x?y=1")
OTHER_REQUESTS: Final[tuple[tuple[str, dict[str, Any]], ...]] = (
    ("POST", {"json": {"query": "{ __typename }"}}),
    ("POST", {"json": {"query": "{"}}),
    ("POST", {"json": {"query": "{ nothing }"}}),
    ("POST", {"content": b"x", "headers": {"Content-Type": "text/plain"}}),
    ("POST", {"files": {"map": (None, "{}")}}),
    ("PUT", {}),
    ("OPTIONS", {"headers": {"Origin": "https://evil.example.com", "Access-Control-Request-Method": "POST"}}),
    ("GET", {"headers": {"Host": "a/b"}}),
    ("GET", {"params": {"query": "mutation { __typename }"}}),
    ("POST", {"json": {"query": "{ __typename }"}, "headers": {"Accept": "text/event-stream"}}),
    ("POST", {"json": {"query": "{ __typename }"}, "headers": {"Accept": "image/png"}}),
)


def paths(api: ApiClient) -> list[str]:
    """Return the path of every route, and some below the mounted folders."""
    routes = [route for route in api.app.routes if not isinstance(route, Mount | WebSocketRoute)]
    assert all(isinstance(route, Route) for route in routes)
    return [re.sub(r"\{\w+\}", "x", getattr(route, "path", "")) for route in routes] + [*EXTRA_PATHS]


def assert_secured(response: httpx2.Response) -> None:
    request = response.request
    where = f"{request.method} {request.url} {response.status_code}"
    assert response.headers.keys() >= REQUIRED, where
    assert not response.headers.keys() & REVEALING, where
    for name in REQUIRED | {"cross-origin-resource-policy"}:
        assert len(response.headers.get_list(name)) == 1, (where, name)
    assert response.headers["x-content-type-options"] == "nosniff"
    policy = response.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "script-src 'unsafe" not in policy
    is_page = response.headers.get("content-type", "").startswith("text/html")
    assert ("cross-origin-opener-policy" in response.headers) >= is_page


@pytest.mark.parametrize("caller", [None, "admin"])
async def test_every_route_has_the_security_headers(production: Production, caller: str | None) -> None:
    http, headers = production.api.http, production.headers(caller)
    found = paths(production.api)
    assert len(found) > 20
    statuses = set()
    for path in found:
        for method in ("GET", "HEAD"):
            response = await http.request(method, path, headers=headers | {"Accept": "text/html, */*"})
            assert_secured(response)
            statuses.add(response.status_code)
    assert statuses >= {200, 307, 404, 405}, "some of each outcome were seen"
    assert (401 in statuses) is (caller is None)


@pytest.mark.parametrize("caller", [None, "admin"])
async def test_every_outcome_has_the_security_headers(production: Production, caller: str | None) -> None:
    for method, options in OTHER_REQUESTS:
        headers = production.headers(caller) | options.get("headers", {})
        assert_secured(await production.api.http.request(method, "/graphql", **{**options, "headers": headers}))


async def test_graphiql_and_development_have_the_security_headers(api: ApiClient) -> None:
    for path in paths(api):
        assert_secured(await api.http.get(path, headers={"Accept": "text/html, */*"}))


async def test_served_responses_reveal_no_software(production: Production) -> None:
    async with serve_app(production.api.app) as port:
        for request in (
            b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: localhost\r\nBad Header\r\n\r\n",
            b"\x16\x03\x01\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: localhost\r\nx: " + b"y" * 70_000 + b"\r\n\r\n",
        ):
            answer = await send_raw(port, request)
            text = (answer.head + answer.body).lower()
            assert answer.status in (200, 400, 431)
            assert not re.search(rb"uvicorn|starlette|python|strawberry|\nserver:|traceback", text), text


async def test_download_in_production_cannot_run_script(production: Production, tmp_path: Path) -> None:
    device = FormClient(production.api, tmp_path)
    production.api.http.headers.update(production.headers("guest"))
    page = FilePart(b"<script>alert(1)</script>", 'x".html\u202e', "text/html")
    file = values_by_name(await device.started({"page": page}))["page"]
    del production.api.http.headers["Authorization"]
    download = await production.api.http.get(file["url"])
    assert download.content == page.content
    assert_secured(download)
    assert download.headers["content-type"] == "application/octet-stream"
    assert download.headers["content-disposition"].startswith("attachment; ")
    assert "sandbox" in download.headers["content-security-policy"]
    assert download.headers["cross-origin-resource-policy"] == "cross-origin"
    assert (await production.api.http.get(file["url"].partition("?")[0])).status_code == 404
