"""CORS."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.transport.fake_app import FakeApp, GraphQLClient, open_client
from transport import TransportSettings

ALLOWED_ORIGIN = "https://app.example.org"
OTHER_ORIGIN = "https://evil.example.com"


SETTINGS = TransportSettings(host="192.0.2.1", insecure=True, allowed_origins=(ALLOWED_ORIGIN,))


@pytest.fixture
async def client(fake_app: FakeApp) -> AsyncIterator[GraphQLClient]:
    async with open_client(fake_app, SETTINGS) as opened:
        yield opened


def preflight(origin: str, method: str = "POST", headers: str = "content-type") -> dict[str, str]:
    """Build the headers of a preflight."""
    request_headers = {"origin": origin, "access-control-request-method": method}
    return request_headers | ({"access-control-request-headers": headers} if headers else {})


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    "headers",
    [
        "",
        "content-type",
        "authorization,content-type",
        "apollo-require-preflight, graphql-require-preflight, x-apollo-operation-name",
        "last-event-id,accept,cache-control",
        "traceparent,tracestate,baggage",
    ],
)
async def test_preflight_of_allowed_origin_succeeds(
    client: GraphQLClient, fake_app: FakeApp, method: str, headers: str
) -> None:
    response = await client.http.options("/graphql", headers=preflight(ALLOWED_ORIGIN, method, headers))
    assert response.status_code == 200
    assert response.headers["access-control-allow-origin"] == ALLOWED_ORIGIN
    assert method in response.headers["access-control-allow-methods"].split(", ")
    allowed = {name.strip().lower() for name in response.headers["access-control-allow-headers"].split(",")}
    assert {name.strip() for name in headers.split(",") if name} <= allowed
    assert response.headers["access-control-max-age"] == "600"
    assert "Origin" in response.headers["vary"]
    assert "access-control-allow-credentials" not in response.headers
    assert fake_app.contexts_opened == 0


@pytest.mark.parametrize(
    "asked",
    [
        preflight(OTHER_ORIGIN),
        preflight("null"),
        preflight(ALLOWED_ORIGIN, "DELETE"),
        preflight(ALLOWED_ORIGIN, headers="x-anything"),
    ],
)
async def test_preflight_of_other_origin_method_or_header_is_400(client: GraphQLClient, asked: dict[str, str]) -> None:
    response = await client.http.options("/graphql", headers=asked)
    assert response.status_code == 400


@pytest.mark.parametrize(
    "body", [{"query": "{hello}"}, {"query": "{surprise}"}, {"query": "{"}, b"nonsense", b"x" * 3_000_000]
)
async def test_every_response_allows_allowed_origin(client: GraphQLClient, body: Any) -> None:
    response = await client.post(body, headers={"origin": ALLOWED_ORIGIN})
    foreign = await client.post(body, headers={"origin": OTHER_ORIGIN})
    assert response.headers["access-control-allow-origin"] == ALLOWED_ORIGIN
    assert response.headers["access-control-expose-headers"] == "RateLimit, RateLimit-Policy, Retry-After"
    assert "access-control-allow-origin" not in foreign.headers
    assert foreign.status_code == response.status_code
    for each in (response, foreign):
        assert {"Accept", "Accept-Encoding", "Origin"} <= set(each.headers["vary"].split(", "))


async def test_get_response_varies_by_origin(client: GraphQLClient) -> None:
    assert "Origin" in (await client.get(query="{hello}")).headers["vary"]
    assert "access-control-allow-origin" not in (await client.execute("{hello}")).headers


async def test_cors_covers_other_routes_and_errors(client: GraphQLClient) -> None:
    for response in (
        await client.http.get("/nothing", headers={"origin": ALLOWED_ORIGIN}),
        await client.http.put("/graphql", headers={"origin": ALLOWED_ORIGIN}),
    ):
        assert response.status_code in (404, 405)
        assert response.headers["access-control-allow-origin"] == ALLOWED_ORIGIN


async def test_credentials_are_allowed_by_setting_only(client: GraphQLClient, fake_app: FakeApp) -> None:
    async with open_client(fake_app, SETTINGS.model_copy(update={"cors_credentials": True})) as allowing:
        for response in (
            await allowing.http.options("/graphql", headers=preflight(ALLOWED_ORIGIN)),
            await allowing.post({"query": "{hello}"}, headers={"origin": ALLOWED_ORIGIN}),
        ):
            assert response.headers["access-control-allow-credentials"] == "true"
    response = await client.post({"query": "{hello}"}, headers={"origin": ALLOWED_ORIGIN})
    assert "access-control-allow-credentials" not in response.headers


async def test_options_without_preflight_headers_is_405(client: GraphQLClient) -> None:
    response = await client.http.options("/graphql")
    assert (response.status_code, response.headers["allow"]) == (405, "GET, POST")


async def test_stream_allows_allowed_origin(client: GraphQLClient) -> None:
    response = await client.post({"query": "{hello}"}, accept="text/event-stream", headers={"origin": ALLOWED_ORIGIN})
    assert response.headers["content-type"].startswith("text/event-stream")
    assert response.headers["access-control-allow-origin"] == ALLOWED_ORIGIN
