"""The Host check."""

import pytest

from tests.transport.fake_app import FakeApp, GraphQLClient, error_codes, open_client
from transport import TransportSettings


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:8000", "127.0.0.1:1", "[::1]:8000", "a-b.example.org", "x_y", "example.org."]
)
async def test_well_formed_host_is_served_off_loopback(fake_app: FakeApp, host: str) -> None:
    async with open_client(fake_app, TransportSettings(host="192.0.2.1", insecure=True)) as client:
        assert (await client.post({"query": "{hello}"}, headers={"host": host})).status_code == 200


MALFORMED = ("", "a b", "a/b", "user@host", "host:port", "host:123456", "[::1", "::1", "a\x7f", "<script>", "a,b:1:2")


@pytest.mark.parametrize("host", [*MALFORMED, "a" * 301])
async def test_malformed_host_is_400(client: GraphQLClient, host: str) -> None:
    assert (await client.post({"query": "{hello}"}, headers={"host": host})).status_code == 400


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("example.org", 200),
        ("EXAMPLE.org:8000", 200),
        ("example.org.", 200),
        ("a.b.example.com", 200),
        ("example.com", 400),
        ("badexample.com", 400),
        ("example.org.evil.net", 400),
        ("localhost", 400),
    ],
)
async def test_allowed_hosts_exclude_others(fake_app: FakeApp, host: str, status: int) -> None:
    settings = TransportSettings(allowed_hosts=("example.org", "*.example.com"))
    async with open_client(fake_app, settings) as client:
        assert (await client.post({"query": "{hello}"}, headers={"host": host})).status_code == status


async def test_asterisk_allows_any_host(fake_app: FakeApp) -> None:
    async with open_client(fake_app, TransportSettings(allowed_hosts=("*",))) as client:
        assert (await client.post({"query": "{hello}"}, headers={"host": "anything.example"})).status_code == 200
        assert (await client.post({"query": "{hello}"}, headers={"host": "a/b"})).status_code == 400


@pytest.mark.parametrize("path", ["/graphql", "/nothing", "/"])
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
async def test_other_host_is_400_on_every_route(fake_app: FakeApp, path: str, method: str) -> None:
    async with open_client(fake_app, TransportSettings(allowed_hosts=("example.org",))) as client:
        response = await client.http.request(method, path, headers={"host": "evil.example.com", "origin": "null"})
    assert (response.status_code, error_codes(response)) == (400, ["BAD_REQUEST"])
    assert response.headers["connection"] == "close"
    assert fake_app.contexts_opened == 0
