"""Keys of an identity provider: read from its server or from a file, rotated, withdrawn, and unavailable."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import httpx2
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from main import Settings
from resolvers.tokens.jwt import key_source
from resolvers.tokens.jwt.key_set import parse_key_set
from resolvers.tokens.jwt.key_source import KeySource
from tests.access.identity_provider import SETTINGS, FakeTime, KeyServer, http_response, key_set, signer
from tests.access.tokens import VIEWER, ask
from tests.api_client import ApiClient, open_api

OLD, NEW, UNKNOWN = signer("k1"), signer("k2"), signer("k3")
HUGE: Final = key_set(NEW) + " " * key_source.MAX_BYTES


@pytest.fixture
async def provider() -> AsyncIterator[KeyServer]:
    provider = KeyServer()
    async with provider.running():
        yield provider


@pytest.fixture
def time() -> FakeTime:
    return FakeTime()


@pytest.fixture(scope="module")
def ssl_context() -> ssl.SSLContext:
    return httpx2.create_ssl_context()


@pytest.fixture(autouse=True)
def _one_ssl_context(monkeypatch: pytest.MonkeyPatch, ssl_context: ssl.SSLContext) -> None:
    """Load the certificate authorities once: it takes longer than a test."""
    monkeypatch.setattr(httpx2, "create_ssl_context", lambda: ssl_context)


@pytest.fixture
async def api(tmp_path: Path, provider: KeyServer, time: FakeTime) -> AsyncIterator[ApiClient]:
    async with open_api(tmp_path / "test.db", jwt_jwks=provider.url, **SETTINGS) as api:
        source_of(api)._time = time
        yield api


def source_of(api: ApiClient) -> KeySource:
    source: KeySource = api.app.state.services.authenticator.jwt_verifier.keys
    return source


async def status(api: ApiClient, token: str) -> int:
    return (await ask(api, VIEWER, f"Bearer {token}")).status_code


async def test_new_key_is_fetched_when_a_token_names_it(api: ApiClient, provider: KeyServer, time: FakeTime) -> None:
    assert await status(api, OLD.token()) == 200
    provider.response = http_response(key_set(OLD, NEW))
    time.value += 10
    assert [await status(api, each.token()) for each in (NEW, OLD)] == [200, 200]
    assert len(provider.requests) == 2


async def test_key_that_the_provider_withdraws_is_refused(api: ApiClient, provider: KeyServer, time: FakeTime) -> None:
    token = OLD.token()
    caller = await api.app.state.services.authenticator.authenticate(f"Bearer {token}")
    provider.response = http_response(key_set(NEW))
    time.value += 300
    await source_of(api).refresh_if_due()
    assert await status(api, token) == 401
    # What is open ends, too.
    assert api.app.state.services.authenticator.find_expired([caller]) == [caller]


async def test_key_that_is_replaced_under_its_id_is_refused(
    api: ApiClient, provider: KeyServer, time: FakeTime
) -> None:
    token = OLD.token()
    assert await status(api, token) == 200
    provider.response = http_response(key_set(NEW._replace(id=OLD.id)))
    time.value += 300
    await source_of(api).refresh_if_due()
    assert [await status(api, each) for each in (token, NEW._replace(id=OLD.id).token())] == [401, 200]


async def test_unknown_keys_do_not_hammer_the_provider(api: ApiClient, provider: KeyServer, time: FakeTime) -> None:
    for _ in range(3):
        for each in (UNKNOWN, NEW, OLD):
            assert await status(api, each.token()) == (200 if each is OLD else 401)
        time.value += 9.9 / 3
    assert len(provider.requests) == 1
    time.value += 0.2
    assert await status(api, UNKNOWN.token()) == 401
    assert len(provider.requests) == 2


async def test_requests_at_the_same_time_share_one_fetch(api: ApiClient, provider: KeyServer) -> None:
    found = await asyncio.gather(*(status(api, OLD.token(jti=str(number))) for number in range(20)))
    assert (found, len(provider.requests)) == ([200] * 20, 1)


async def test_fetch_does_not_delay_requests_with_known_keys(
    api: ApiClient, provider: KeyServer, time: FakeTime
) -> None:
    assert await status(api, OLD.token()) == 200
    provider.response = None
    provider.arrived.clear()
    time.value += 300
    waiting = asyncio.create_task(status(api, UNKNOWN.token()))
    async with asyncio.timeout(10):
        await provider.arrived.wait()
        assert await status(api, OLD.token(jti="2")) == 200
    assert not waiting.done()
    provider.response = http_response(key_set(OLD, UNKNOWN))
    provider.silence.set()
    assert await waiting == 200


MAX_AGES: Final = {
    "": 300,
    "public, max-age=600": 600,
    "max-age=15, stale-while-revalidate=15": 60,
    "Max-Age=86400": 3600,
    "no-store": 300,
    "s-maxage=900": 300,
    "max-age=" + "9" * 400: 300,
    "max-age=-1": 300,
}


async def test_max_age_says_when_keys_are_fetched_again(api: ApiClient, provider: KeyServer, time: FakeTime) -> None:
    source = source_of(api)
    for cache_control, seconds in MAX_AGES.items():
        provider.response = http_response(key_set(OLD), f"Cache-Control: {cache_control}")
        await source.refresh()
        provider.requests.clear()
        for passed, fetches in ((seconds - 0.1, 0), (0.1, 1)):
            time.value += passed
            await source.refresh_if_due()
            assert (cache_control, len(provider.requests)) == (cache_control, fetches)


BAD_RESPONSES: Final = {
    "error": http_response("{}", status="500 Internal Server Error"),
    "not found": http_response(key_set(NEW), status="404 Not Found"),
    "page": http_response("<html>Sign in</html>", "Content-Type: text/html"),
    "huge": http_response(HUGE),
    "endless": b"HTTP/1.1 200 OK\r\n\r\n" + HUGE.encode(),
    "cut off": http_response(key_set(NEW))[:-9],
    "compressed": http_response(b"\x1f\x8b\x08", "Content-Encoding: gzip"),
    "nothing": b"",
    "no HTTP": b"SSH-2.0\r\n",
    "list": http_response("[]"),
    "no keys": http_response('{"keys": []}'),
    "null": http_response('{"keys": null}'),
    "keys twice": http_response(key_set(OLD)[:-1] + ', "keys": []}'),
    "too many keys": http_response('{"keys": [' + ",".join(["{}"] * 101) + "]}"),
    "only symmetric keys": http_response('{"keys": [{"kty": "oct", "k": "AAAA"}]}'),
    "deep": http_response("[" * 100_000),
    "not UTF-8": http_response(b'{"keys": "\xff"}'),
}


async def test_bad_response_leaves_the_last_keys(api: ApiClient, provider: KeyServer, time: FakeTime) -> None:
    source = source_of(api)
    for problem, response in BAD_RESPONSES.items():
        provider.response = http_response(key_set(OLD))
        await source.refresh()
        assert (problem, source.failure) == (problem, None)
        provider.response = response
        time.value += 300
        await source.refresh_if_due()
        assert source.failure is not None, problem
        assert await status(api, OLD.token(jti=problem)) == 200
        # Whether this key is new cannot be known now.
        assert await status(api, NEW.token()) == 503


async def test_redirect_is_not_followed(api: ApiClient, provider: KeyServer) -> None:
    other = KeyServer()
    async with other.running():
        provider.response = http_response("", f"Location: {other.url}", status="302 Found")
        assert await status(api, OLD.token()) == 503
    assert (source_of(api).failure, other.requests) == ("the provider answered 302", [])


async def test_slow_provider_is_not_waited_for(
    api: ApiClient, provider: KeyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(key_source, "FETCH_SECONDS", 0.05)
    provider.response = None
    assert await status(api, OLD.token()) == 503
    assert source_of(api).failure == "the provider did not answer within 0.05 seconds"


async def test_provider_that_is_down_is_asked_again(tmp_path: Path, time: FakeTime) -> None:
    down = KeyServer()
    async with down.running():
        pass
    async with open_api(tmp_path / "test.db", jwt_jwks=down.url, **SETTINGS) as api:
        source_of(api)._time = time
        answer = await ask(api, VIEWER, f"Bearer {OLD.token()}")
        (error,) = answer.json()["errors"]
        assert (answer.status_code, error["extensions"]) == (503, {"code": "SERVICE_UNAVAILABLE", "retryable": True})
        async with down.running():
            assert await status(api, OLD.token()) == 503
            time.value += 10
            assert await status(api, OLD.token()) == 200


async def test_keys_are_kept_for_a_day_while_the_provider_is_down(
    api: ApiClient, provider: KeyServer, time: FakeTime
) -> None:
    token = OLD.token()
    assert await status(api, token) == 200
    provider.response = http_response("", status="503 Service Unavailable")
    for passed, expected in ((86_399, 200), (10, 503)):
        time.value += passed
        await source_of(api).refresh_if_due()
        assert await status(api, token) == expected
    provider.response = http_response(key_set(OLD))
    time.value += 10
    assert await status(api, token) == 200


async def test_clock_of_the_machine_has_no_part_in_fetching(api: ApiClient, provider: KeyServer) -> None:
    assert await status(api, OLD.token()) == 200
    for step in (86_400_000, -2 * 86_400_000):
        api.clock.value += step
        await source_of(api).refresh_if_due()
    assert len(provider.requests) == 1


async def test_keys_are_fetched_at_the_start_and_in_the_background(provider: KeyServer) -> None:
    settings = Settings(jwt_jwks=provider.url, **SETTINGS)
    async with key_source.open_key_source(settings) as source, source.running(), asyncio.timeout(30):
        await provider.arrived.wait()
        await source.refresh()
        assert source.key_set.keys


async def test_server_says_nothing_of_itself_to_the_provider(api: ApiClient, provider: KeyServer) -> None:
    await status(api, OLD.token())
    assert provider.requests[0].startswith("GET /certs HTTP/1.1\r\n")
    assert "authorization" not in provider.requests[0].lower()


# ---- files ----


async def test_file_is_read_again_when_it_changes(tmp_path: Path, time: FakeTime) -> None:
    file = tmp_path / "keys.json"
    file.write_text(key_set(OLD))
    async with open_api(tmp_path / "test.db", jwt_jwks=str(file), **SETTINGS) as api:
        source = source_of(api)
        source._time = time
        await source.refresh()
        first = source.key_set
        for text, expected in (
            (key_set(OLD), [200, 401]),
            (key_set(NEW), [401, 200]),
            ("half of a fi", [401, 200]),
            (key_set(OLD, NEW), [200, 200]),
        ):
            file.write_text(text)
            time.value += 10
            await source.refresh_if_due()
            found = [await status(api, each.token()) for each in (OLD, NEW)]
            assert [code if code != 503 else 401 for code in found] == expected
            assert (source.key_set is first) == (text == key_set(OLD))


@hypothesis_settings(max_examples=100, deadline=None)
@given(st.data())
def test_key_sets_of_any_content_raise_nothing_unexpected(data: Any) -> None:
    text = bytearray(key_set(OLD, NEW).encode())
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(text) - 1))
        text[at : at + data.draw(st.integers(0, 9))] = data.draw(st.sampled_from([b"", b"1", b'"', b"[]", b"\\ud800"]))
    try:
        found = parse_key_set(bytes(text))
    except ValueError:
        return
    assert found.keys
