"""JSON Web Tokens of an identity provider: what is accepted, and what it means."""

import base64
import json
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import httpx2
import jwt
import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from tests.access.identity_provider import AUDIENCE, CLAIMS, ISSUER, NOW, SECRET, SETTINGS, signer
from tests.access.jwt_server import ES256, PUBLIC_ALGORITHMS, RS256, assert_refused, server, viewer
from tests.access.tokens import CREATE, VIEWER, ask, create_token
from tests.api_client import ApiClient, open_api
from tests.live_server import serve_app


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[ApiClient]:
    async with server(tmp_path) as api:
        yield api


@pytest.mark.parametrize("algorithm", PUBLIC_ALGORITHMS)
async def test_token_of_the_provider_authenticates_its_caller(api: ApiClient, algorithm: str) -> None:
    token = signer(algorithm.lower(), algorithm).token()
    assert await viewer(api, token) == {"name": "ada", "scopes": ["READ", "WRITE"], "projects": None}


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
async def test_token_that_a_secret_signed_is_accepted(tmp_path: Path, algorithm: str) -> None:
    settings = {**SETTINGS, "jwt_secret": SECRET * 2, "jwt_algorithms": algorithm}
    async with open_api(tmp_path / "test.db", **settings) as api:
        for headers in ({}, {"kid": "any"}):
            token = jwt.encode(dict(CLAIMS), SECRET * 2, algorithm, headers)
            assert (await viewer(api, token))["name"] == "ada"
        await assert_refused(api, jwt.encode(dict(CLAIMS), "another" * 10, algorithm))
        await assert_refused(api, jwt.encode(dict(CLAIMS), SECRET * 2, "HS512" if algorithm != "HS512" else "HS256"))


@pytest.mark.parametrize("scheme", ["Bearer", "JWT", "token"])
async def test_jwt_is_accepted_under_each_scheme(api: ApiClient, scheme: str) -> None:
    assert (await ask(api, VIEWER, f"{scheme} {ES256.token()}")).status_code == 200


async def test_own_tokens_remain_valid_beside_jwts(tmp_path: Path) -> None:
    async with open_api(tmp_path / "test.db") as api:
        secret = (await create_token(api, name="kiosk", scopes=["READ"]))["secret"]
    async with server(tmp_path) as api:
        assert (await viewer(api, secret))["name"] == "kiosk"
        assert (await ask(api, VIEWER)).status_code == 401
        await assert_refused(api, secret[:-1])


# ---- mapping of claims ----

MAPPED: Final = {"jwt_scopes": "sessions:read=READ,sessions:write=WRITE,boss=READ,boss=ADMIN"}


@pytest.mark.parametrize(
    ("settings", "claims", "expected"),
    [
        ({}, {"scope": "READ READ ADMIN admin openid"}, ["READ", "ADMIN"]),
        ({}, {"scope": ["WRITE"]}, ["WRITE"]),
        ({}, {"scope": ""}, []),
        ({}, {"scope": None}, []),
        (MAPPED, {"scope": "sessions:read sessions:write READ"}, ["READ", "WRITE"]),
        (MAPPED | {"jwt_scopes_claim": "permissions"}, {"permissions": ["boss", "x"]}, ["READ", "ADMIN"]),
        ({"jwt_scopes_claim": "realm_access.roles"}, {"realm_access": {"roles": ["READ"]}}, ["READ"]),
        ({"jwt_scopes_claim": "realm_access.roles"}, {"realm_access": ["READ"]}, []),
        (
            {"jwt_scopes_claim": "resource_access.a.b.roles"},
            {"resource_access": {"a.b": {"roles": ["READ"]}}},
            ["READ"],
        ),
        ({"jwt_scopes_claim": "https://a.org/roles"}, {"https://a.org/roles": ["ADMIN"]}, ["ADMIN"]),
    ],
)
async def test_claim_gives_the_mapped_scopes(
    tmp_path: Path, settings: dict[str, str], claims: dict[str, Any], expected: list[str]
) -> None:
    async with server(tmp_path, **settings) as api:
        assert (await viewer(api, ES256.token(**claims)))["scopes"] == expected


@pytest.mark.parametrize(
    ("settings", "claims", "expected"),
    [
        ({"jwt_projects": "a,b"}, {}, ["a", "b"]),
        ({"jwt_projects": "*"}, {}, None),
        ({"jwt_projects": "", "jwt_projects_claim": "projects"}, {}, []),
        ({"jwt_projects": "", "jwt_projects_claim": "projects"}, {"projects": []}, []),
        ({"jwt_projects": "", "jwt_projects_claim": "projects"}, {"projects": "a c"}, ["a", "c"]),
        ({"jwt_projects": "a", "jwt_projects_claim": "projects"}, {"projects": ["b", "/groups/c", "ü\ud800"]}, ["b"]),
        ({"jwt_projects": "a", "jwt_projects_claim": "projects"}, {}, ["a"]),
        ({"jwt_projects": "a", "jwt_projects_claim": "org.projects"}, {"org": {"projects": ["*"]}}, None),
    ],
)
async def test_claim_gives_the_projects(
    tmp_path: Path, settings: dict[str, str], claims: dict[str, Any], expected: list[str] | None
) -> None:
    async with server(tmp_path, **settings) as api:
        projects = (await viewer(api, ES256.token(**claims)))["projects"]
        assert projects == expected if expected is None else sorted(projects) == expected


async def test_name_is_the_subject_without_the_configured_claim(api: ApiClient) -> None:
    assert (await viewer(api, ES256.token(preferred_username=None)))["name"] == "user-1"


async def test_non_ascii_token_over_a_header_is_refused(api: ApiClient) -> None:
    await assert_refused(api, "é.é.é")


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": NOW - 4},
        {"exp": NOW + 0.5},
        {"nbf": NOW + 4, "iat": NOW + 4},
        {"iat": None},
        {"aud": ["other", AUDIENCE]},
    ],
)
async def test_leeway_and_optional_claims_are_accepted(api: ApiClient, claims: dict[str, Any]) -> None:
    assert (await viewer(api, ES256.token(**claims)))["name"] == "ada"


@pytest.mark.parametrize("type_", ["JWT", "jwt", "at+jwt", "application/at+jwt", None])
async def test_types_of_access_tokens_are_accepted(api: ApiClient, type_: str | None) -> None:
    assert (await viewer(api, ES256.token({"typ": type_})))["name"] == "ada"


async def test_algorithms_are_those_of_the_setting(tmp_path: Path) -> None:
    async with server(tmp_path, jwt_algorithms="RS256, ES384") as api:
        await assert_refused(api, ES256.token())
        assert (await viewer(api, RS256.token()))["name"] == "ada"


async def test_weak_and_unsuitable_keys_are_not_used(tmp_path: Path) -> None:
    weak = signer("weak", "RS256")._replace(key=rsa.generate_private_key(65_537, 1024))  # noqa: S505 - a key that is refused
    unsuitable = [
        weak.jwk,
        {"kty": "oct", "kid": "oct", "k": base64.urlsafe_b64encode(SECRET.encode()).decode().rstrip("=")},
        signer("enc").jwk | {"use": "enc"},
        signer("ops").jwk | {"key_ops": ["encrypt"]},
        signer("ops-number").jwk | {"key_ops": 1},
        signer("other-alg").jwk | {"alg": "ES512"},
        signer("d").jwk | {"d": "AAAA"},
        signer("point").jwk | {"x": signer("d").jwk["x"]},
        {"kty": "AKP", "kid": "post-quantum", "alg": "ML-DSA-44", "pub": "AAAA"},
        {"kty": [], "kid": {}},
        5,
    ]
    async with server(tmp_path) as api:
        (tmp_path / "keys.json").write_text(json.dumps({"keys": [*unsuitable, ES256.jwk]}))
        source = api.app.state.services.authenticator.jwt_verifier.keys
        await source.refresh()
        assert len(source.key_set.keys) == 1
        assert "an RSA key has 1024 bits, not 2048 to 8192" in source.key_set.unusable
        for id_ in ("enc", "ops", "ops-number", "other-alg", "d", "point"):
            await assert_refused(api, signer(id_).token())
        await assert_refused(api, jwt.encode(dict(CLAIMS), SECRET, "HS256", {"kid": "oct"}))
        assert (await viewer(api, ES256.token()))["name"] == "ada"


# ---- time ----


async def test_token_expires_though_it_was_verified(api: ApiClient) -> None:
    token = ES256.token()
    await viewer(api, token)
    await api.advance(304.999)
    await viewer(api, token)
    await api.advance(0.001)
    await assert_refused(api, token)


async def test_clock_that_steps_back_makes_no_token_valid_early(api: ApiClient) -> None:
    token = ES256.token(nbf=NOW, iat=None)
    await viewer(api, token)
    api.clock.value -= 3_600_000
    await assert_refused(api, token)
    api.clock.value += 3_600_000
    await viewer(api, token)


async def test_verified_token_costs_no_second_signature_check(api: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    checked: list[str] = []
    verifier = api.app.state.services.authenticator.jwt_verifier
    original = verifier._verify

    async def verify(token: str) -> Any:
        checked.append(token)
        return await original(token)

    monkeypatch.setattr(verifier, "_verify", verify)
    token, other = ES256.token(), ES256.token(sub="user-2")
    for each in (token, token, other, token):
        await viewer(api, each)
    await assert_refused(api, token[:-1] + ("A" if token[-1] != "A" else "B"))
    assert checked[:2] == [token, other]
    assert len(checked) == 3


# ---- sockets and streams ----


async def test_sockets_and_streams_end_with_the_token(api: ApiClient) -> None:
    token = ES256.token()
    async with (
        serve_app(api.app) as port,
        connect(f"ws://127.0.0.1:{port}/graphql", subprotocols=[Subprotocol("graphql-transport-ws")]) as socket,
        httpx2.AsyncClient() as http,
    ):
        await socket.send(orjson.dumps({"type": "connection_init", "payload": {"authorization": token}}).decode())
        await socket.wait_closed()
        assert socket.close_code == 4403  # no scheme
        headers = {"accept": "text/event-stream", "authorization": f"Bearer {token}"}
        body = {"query": "subscription { activeSessions { __typename } }"}
        request = http.stream("POST", f"http://127.0.0.1:{port}/graphql", json=body, headers=headers)
        async with request as response:
            text = ""
            async for chunk in response.aiter_text():
                text += chunk
                if "SessionSnapshot" in text and "UNAUTHENTICATED" not in text:
                    callers = api.app.state.streams.open_resources.clients
                    assert len(callers) == 1
                    authenticator = api.app.state.services.authenticator
                    assert authenticator.find_expired(callers) == await authenticator.find_revoked(callers) == []
                    await api.advance(300)
                    await api.app.state.access_check.run()
        assert text.count("UNAUTHENTICATED") == 1


async def test_socket_authenticates_by_its_payload(api: ApiClient) -> None:
    async with (
        serve_app(api.app) as port,
        connect(f"ws://127.0.0.1:{port}/graphql", subprotocols=[Subprotocol("graphql-transport-ws")]) as socket,
    ):
        payload = {"authorization": f"JWT {ES256.token()}"}
        await socket.send(orjson.dumps({"type": "connection_init", "payload": payload}).decode())
        assert orjson.loads(await socket.recv()) == {"type": "connection_ack"}
        await api.advance(300)
        await api.app.state.access_check.run()
        await socket.wait_closed()
        assert (socket.close_code, socket.close_reason) == (4403, "Access has ended")


# ---- identity ----


async def test_caller_is_the_subject_not_the_token(api: ApiClient) -> None:
    authenticator = api.app.state.services.authenticator
    tokens = [ES256.token(), ES256.token(exp=NOW + 200, scope="READ"), ES256.token(sub="user-2")]
    callers = [await authenticator.authenticate(f"Bearer {token}") for token in tokens]
    assert callers[0].id == callers[1].id != callers[2].id
    assert callers[0] != callers[1]
    assert callers[0].id == "jwt_" + sha256(ISSUER.encode() + b"\0user-1").hexdigest()[:32]


async def test_administrator_with_a_jwt_creates_tokens_that_outlast_it(api: ApiClient) -> None:
    authorization = f"Bearer {ES256.token(scope='ADMIN READ')}"
    created = []
    for scope in ("READ", "WRITE"):
        answer = await ask(api, CREATE, authorization, input={"name": "kiosk", "scopes": [scope]})
        created.append(answer.json()["data"]["createToken"])
    assert created[0]["problems"] == []
    assert [problem["code"] for problem in created[1]["problems"]] == ["FORBIDDEN"]
    await api.advance(3_600)
    assert (await viewer(api, created[0]["secret"]))["name"] == "kiosk"
