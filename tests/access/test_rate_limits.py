"""Rate limits by token and by address, over all transports."""

from pathlib import Path
from typing import Any

import httpx2
import pytest
from structlog.testing import capture_logs
from websockets.exceptions import InvalidStatus

from tests.access.limited import (
    EVENTS,
    PARTS,
    START,
    SUBSCRIPTION,
    TYPENAME,
    VIEWER,
    MonotonicClock,
    headers,
    init,
    limited_server,
    receive,
    send,
)
from tests.api_client import open_api
from transport.rate_limits import BASE_COST, MAX_QUOTAS, REFUSED_COST, Quotas


def error(response: httpx2.Response) -> dict[str, Any]:
    (found,) = response.json()["errors"]
    return dict(found)


async def test_token_over_its_rate_is_refused_until_it_may_retry(tmp_path: Path) -> None:
    async with limited_server(tmp_path, rate_write=300) as server:
        token, other = await server.token("WRITE"), await server.token("WRITE")
        statuses = [(await server.post(START, token, name="ann")).status_code for _ in range(50)]
        accepted = statuses.count(200)
        assert 20 < accepted <= 300 / BASE_COST
        assert statuses == [200] * accepted + [429] * (50 - accepted)
        refused = await server.post(START, token, name="ann")
        assert error(refused)["extensions"]["code"] == "RATE_LIMITED"
        assert error(refused)["message"].startswith("Too many requests from this token: 300 units of cost a second")
        assert "data" not in refused.json()
        assert refused.headers["retry-after"] == "1"
        assert (await server.post(START, other, name="bob")).status_code == 200
        server.clock.value += error(refused)["extensions"]["retryAfter"]
        assert (await server.post(START, token, name="ann")).status_code == 200
        assert await server.api.execute("{ sessions { totalCount } }") == {"totalCount": accepted + 2}


async def test_operations_spend_their_cost(tmp_path: Path) -> None:
    async with limited_server(tmp_path, rate_read=5_000) as server:
        token = await server.token("READ")
        page = "{ sessions(first: 500) { nodes { id } } }"
        remaining = []
        for document in (VIEWER, VIEWER, page, page):
            fields = (await server.post(document, token)).headers["ratelimit"]
            remaining.append(int(fields.partition(";r=")[2].partition(";")[0]))
        first, second, third, fourth = remaining
        assert first - second == BASE_COST
        assert third - fourth == 501
        assert second - third == 501 + len(page) // 5  # a new document is parsed and validated


async def test_headers_say_what_may_be_spent(tmp_path: Path) -> None:
    async with limited_server(tmp_path, rate_read=100, rate_seconds=3, allowed_origins="https://app.example") as server:
        token = await server.token("READ")
        response = await server.post(VIEWER, token)
        assert response.headers["ratelimit-policy"] == '"token";q=300;w=3'
        assert response.headers["ratelimit"] == '"token";r=290;t=1'
        async with server.stream(EVENTS, token) as stream:
            assert stream.headers["ratelimit-policy"] == '"token";q=300;w=3'
        sent = {"origin": "https://app.example", "authorization": token}
        page = await server.api.http.post("/graphql", json={"query": VIEWER}, headers=sent)
        assert page.headers["access-control-expose-headers"] == "RateLimit, RateLimit-Policy, Retry-After"


async def test_retry_after_covers_an_expensive_operation(tmp_path: Path) -> None:
    async with limited_server(tmp_path, rate_read=100) as server:
        token = await server.token("READ")
        assert (await server.post("{ sessions(first: 500) { nodes { id } } }", token)).status_code == 200
        refused = await server.post(VIEWER, token)
        seconds = error(refused)["extensions"]["retryAfter"]
        assert 4 <= seconds < 5
        assert refused.headers["retry-after"] == "5"
        assert refused.headers["ratelimit"] == '"token";r=0;t=5'
        server.clock.value += seconds - 0.2
        assert (await server.post(VIEWER, token)).status_code == 429
        server.clock.value += 0.2
        assert (await server.post(VIEWER, token)).status_code == 200


async def test_token_has_the_largest_rate_of_its_scopes(tmp_path: Path) -> None:
    rates = {"rate_read": 100, "rate_write": 200, "rate_admin": 0}
    async with limited_server(tmp_path, **rates) as server:
        for scopes, quota in ((["READ"], "100"), (["READ", "WRITE"], "200"), (["READ", "ADMIN"], None)):
            response = await server.post(TYPENAME, await server.token(*scopes))
            policy = response.headers.get("ratelimit-policy")
            assert policy == (quota and f'"token";q={quota};w=1')


async def test_operation_over_the_rate_fails_alone_on_a_socket(tmp_path: Path) -> None:
    async with limited_server(tmp_path, rate_read=100) as server:
        token = await server.token("READ")
        async with server.ready_socket(token) as socket:
            for number in range(12):
                await send(socket, {"id": str(number), "type": "subscribe", "payload": {"query": VIEWER}})
            messages = [await receive(socket) for _ in range(22)]
            failed = {message["id"]: message["payload"] for message in messages if message["type"] == "error"}
            assert set(failed) == {"10", "11"}
            assert failed["10"][0]["extensions"] == {"code": "RATE_LIMITED", "retryable": True, "retryAfter": 0.1}
            server.clock.value += 1
            await send(socket, {"id": "again", "type": "subscribe", "payload": {"query": VIEWER}})
            assert (await receive(socket))["type"] == "next"


@pytest.mark.parametrize("accept", [EVENTS, PARTS])
async def test_stream_over_the_rate_is_refused(tmp_path: Path, accept: str) -> None:
    async with limited_server(tmp_path, rate_read=10) as server:
        token = await server.token("READ")
        async with server.stream(accept, token) as accepted:
            assert accepted.status_code == 200
        async with server.stream(accept, token) as refused:
            assert refused.status_code == 429
            assert int(refused.headers["retry-after"]) >= 1
            await refused.aread()
            assert error(refused)["extensions"]["code"] == "RATE_LIMITED"


async def test_wrong_credentials_use_up_the_rate_of_their_address(tmp_path: Path) -> None:
    async with limited_server(tmp_path, rate_address=5 * REFUSED_COST) as server:
        token = await server.token("READ")
        for _ in range(5):
            assert (await server.post(VIEWER, "Bearer guess", "192.0.2.1")).status_code == 401
        for credential in ("Bearer guess", token):  # a guess that is right must not be found out
            refused = await server.post(VIEWER, credential, "192.0.2.1")
            assert refused.status_code == 429
            assert refused.headers["ratelimit"] == '"address";r=0;t=1'
        with pytest.raises(InvalidStatus) as handshake:
            async with server.socket("192.0.2.1"):
                pass
        assert handshake.value.response.status_code == 429
        assert b"RATE_LIMITED" in handshake.value.response.body
        assert handshake.value.response.headers["retry-after"] == "1"
        assert (await server.post(VIEWER, token, "192.0.2.2")).status_code == 200
        server.clock.value += 1
        assert (await server.post(VIEWER, token, "192.0.2.1")).status_code == 200


async def test_wrong_credentials_over_sockets_use_up_the_rate(tmp_path: Path) -> None:
    async with limited_server(tmp_path, rate_address=2 * REFUSED_COST) as server:
        for _ in range(2):
            async with server.socket("192.0.2.1") as socket:
                await send(socket, init("Bearer guess"))
                await socket.wait_closed()
                assert socket.close_code == 4403
        assert (await server.post(VIEWER, None, "192.0.2.1")).status_code == 429


@pytest.mark.parametrize("path", ["/metrics", "/schema.graphql"])
async def test_wrong_credentials_for_other_routes_use_up_the_rate(tmp_path: Path, path: str) -> None:
    async with limited_server(tmp_path, production=True, rate_address=2 * REFUSED_COST) as server:
        sent = headers("Bearer guess", "192.0.2.1")
        answers = [await server.api.http.get(path, headers=sent) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [401, 401, 429]
        assert error(answers[-1])["extensions"]["code"] == "RATE_LIMITED"
        assert answers[-1].headers["retry-after"] == "1"
        assert (await server.post(VIEWER, None, "192.0.2.1")).status_code == 429


@pytest.mark.parametrize("content_type", ["text/plain", "application/json"])
async def test_unreadable_requests_use_up_the_rate(tmp_path: Path, content_type: str) -> None:
    async with limited_server(tmp_path, rate_address=100) as server:
        sent = {"content-type": content_type, "x-forwarded-for": "192.0.2.1"}
        statuses = [(await server.api.http.post("/graphql", content=b"[", headers=sent)).status_code for _ in range(12)]
        refused = statuses.index(429)
        assert refused == 100 // (REFUSED_COST if content_type == "text/plain" else BASE_COST)
        assert set(statuses[refused:]) == {429}


async def test_refused_documents_cost_their_length(tmp_path: Path) -> None:
    async with limited_server(tmp_path, rate_read=10_000) as server:
        token = await server.token("READ")
        accepted = 0
        while (await server.post(f"{{ a{accepted} {'x ' * 5_000} }}", token)).status_code == 400:
            accepted += 1
        assert accepted == 5  # of 10,000 characters, that is 2,000 each
        assert (await server.post(VIEWER, token)).status_code == 429


async def test_anonymous_operations_are_limited_by_address(tmp_path: Path) -> None:
    async with limited_server(tmp_path, rate_address=10) as server:
        for address, status in (("192.0.2.1", 200), ("192.0.2.1", 429), ("2001:db8::1", 200), ("2001:db8::2", 429)):
            assert (await server.post(TYPENAME, None, address)).status_code == status, address


async def test_forwarded_addresses_of_others_are_ignored(tmp_path: Path) -> None:
    async with limited_server(tmp_path, trusted_proxies="10.0.0.0/8", rate_address=10) as server:
        statuses = [(await server.post(TYPENAME, None, f"192.0.2.{n}")).status_code for n in range(2)]
        assert statuses == [200, 429]


async def test_local_server_limits_nothing_by_default(tmp_path: Path) -> None:
    async with open_api(tmp_path / "test.db") as api:
        response = await api.http.post("/graphql", json={"query": VIEWER})
        assert "ratelimit" not in response.headers
        assert not len(api.app.state.streams.execution.rate_limits.addresses)


@pytest.mark.parametrize("settings", [{"production": True}, {"host": "192.0.2.1"}, {"trusted_proxies": "127.0.0.1"}])
async def test_other_servers_limit_clients_by_default(tmp_path: Path, settings: dict[str, Any]) -> None:
    async with open_api(tmp_path / "test.db", insecure=True, **settings) as api:
        response = await api.http.post("/graphql", json={"query": VIEWER})
        assert response.headers["ratelimit-policy"] == '"address";q=50000;w=10'


async def test_log_names_a_limited_client_once_a_minute(tmp_path: Path) -> None:
    async with limited_server(tmp_path, rate_address=10) as server:
        with capture_logs() as logged:
            for _ in range(4):
                await server.post(TYPENAME, None, "192.0.2.1")
            server.clock.value += 60
            for _ in range(2):
                await server.post(TYPENAME, None, "192.0.2.1")
        lines = [line for line in logged if line["event"] == "rate limit reached"]
        assert (
            lines
            == [{"event": "rate limit reached", "log_level": "warning", "limit": "address", "client": "192.0.2.1"}] * 2
        )


def test_full_quotas_are_forgotten() -> None:
    quotas = Quotas("address", 10)
    quotas.time = clock = MonotonicClock()
    for number in range(100):
        quotas.get(str(number), rate=10).take(100)
        clock.value += 1
    assert len(quotas) == 10  # the others have had ten seconds
    clock.value += 10
    quotas.get("new", rate=10)
    assert len(quotas) == 1


def test_number_of_quotas_is_bounded() -> None:
    quotas = Quotas("address", 10)
    quotas.time = MonotonicClock()
    for number in range(MAX_QUOTAS + 5):
        quotas.get(str(number), rate=1).take(1)
    assert len(quotas) == MAX_QUOTAS
    assert quotas.find("4") is None
    assert quotas.find("5") is not None


async def test_subscription_spends_once(tmp_path: Path) -> None:
    async with limited_server(tmp_path, rate_read=100) as server:
        token = await server.token("READ")
        async with server.ready_socket(token) as socket:
            await send(socket, {"id": "1", "type": "subscribe", "payload": {"query": SUBSCRIPTION}})
            assert (await receive(socket))["type"] == "next"
            for name in ("ann", "bob", "cid"):
                await server.api.start_user(name)
            (quota,) = server.limits.tokens._quotas.values()
            assert quota.headers()[1] == ("ratelimit", '"token";r=90;t=1')
