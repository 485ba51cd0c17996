"""Settings of JSON Web Tokens that make no sense stop the start in one line."""

import json
from pathlib import Path
from typing import Any, Final

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pydantic import ValidationError

from main import Settings
from models.enums import Scope
from models.jwt_settings import PUBLIC_KEY_ALGORITHMS
from resolvers.tokens.jwt.key_set import UnusableKey
from tests.access.identity_provider import SECRET, SETTINGS, key_set, signer
from tests.access.tokens import VIEWER, ask
from tests.api_client import open_api
from transport.settings_text import error_lines

URL: Final = "https://id.example.org/certs"

WRONG: Final[dict[str, tuple[dict[str, str], str]]] = {
    "short secret": ({"jwt_secret": "x" * 31}, "JWT_SECRET: must have at least 32 bytes, not 31"),
    "public key as secret": (
        {"jwt_secret": f"-----BEGIN PUBLIC KEY-----{'x' * 32}"},
        "JWT_SECRET: must be a secret of HS256, not a public key: give a key set as JWT_JWKS",
    ),
    "secret and key set": ({"jwt_secret": SECRET, "jwt_jwks": URL}, "JWT_JWKS: must not be set beside JWT_SECRET"),
    "http": (
        {"jwt_jwks": "http://id.example.org/certs"},
        "JWT_JWKS: must be a file or an https URL; http is for this machine only: a key set must not be forged",
    ),
    "other scheme": (
        {"jwt_jwks": "file:///etc/keys"},
        "JWT_JWKS: must be a file or an https URL; http is for this machine only: a key set must not be forged",
    ),
    "no issuer": (
        {"jwt_jwks": URL, "jwt_issuer": ""},
        "JWT_ISSUER: must be set with JSON Web Tokens: the `iss` of those to accept",
    ),
    "no audience": (
        {"jwt_jwks": URL, "jwt_audience": " , "},
        "JWT_AUDIENCE: must be set with JSON Web Tokens: the `aud` of those to accept",
    ),
    "no projects": (
        {"jwt_jwks": URL, "jwt_projects": ""},
        "JWT_PROJECTS: must be set, or JWT_PROJECTS_CLAIM: no caller could access a project",
    ),
    "project": (
        {"jwt_jwks": URL, "jwt_projects": "a b"},
        'JWT_PROJECTS: must have 1 to 64 letters, digits, _ and -, and nothing else, not "a b"',
    ),
    "none": (
        {"jwt_jwks": URL, "jwt_algorithms": "none"},
        f"JWT_ALGORITHMS: must be of {', '.join(PUBLIC_KEY_ALGORITHMS)} with a key set, not none",
    ),
    "secret's algorithm with a key set": (
        {"jwt_jwks": URL, "jwt_algorithms": "RS256,HS256"},
        f"JWT_ALGORITHMS: must be of {', '.join(PUBLIC_KEY_ALGORITHMS)} with a key set, not HS256",
    ),
    "public algorithm with a secret": (
        {"jwt_secret": SECRET, "jwt_algorithms": "RS256"},
        "JWT_ALGORITHMS: must be of HS256, HS384, HS512 with a secret, not RS256",
    ),
    "secret too short for the algorithm": (
        {"jwt_secret": SECRET, "jwt_algorithms": "HS512"},
        "JWT_ALGORITHMS: HS512 needs a JWT_SECRET of at least 64 bytes",
    ),
    "leeway": ({"jwt_jwks": URL, "jwt_leeway_seconds": "301"}, "JWT_LEEWAY_SECONDS: must be at most 300, not 301"),
    "scope": (
        {"jwt_jwks": URL, "jwt_scopes": "boss=EVERYTHING"},
        "JWT_SCOPES: must be pairs such as sessions:read=READ, of READ, WRITE, ADMIN; not boss=EVERYTHING",
    ),
    "scope without a value": (
        {"jwt_jwks": URL, "jwt_scopes": "READ"},
        "JWT_SCOPES: must be pairs such as sessions:read=READ, of READ, WRITE, ADMIN; not READ",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_settings_stop_the_start_in_one_line(case: str) -> None:
    values, message = WRONG[case]
    with pytest.raises(ValidationError) as caught:
        Settings(**{**SETTINGS, **values})
    assert error_lines(caught.value) == [message]


def test_settings_without_keys_are_refused() -> None:
    for name in ("jwt_issuer", "jwt_audience", "jwt_projects", "jwt_projects_claim", "jwt_algorithms"):
        with pytest.raises(ValidationError) as caught:
            Settings.model_validate({name: "x"})
        assert error_lines(caught.value) == [f"{name.upper()}: needs JWT_SECRET or JWT_JWKS"]


def test_settings_are_read_as_documented(monkeypatch: pytest.MonkeyPatch) -> None:
    environment = {
        "JWT_JWKS": "http://[::1]:8080/certs",
        "JWT_ISSUER": "https://id.example.org",
        "JWT_AUDIENCE": "a, b",
        "JWT_SCOPES": "x:y=READ, boss=WRITE,boss=ADMIN, a=b=READ",
        "JWT_PROJECTS_CLAIM": "projects",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    settings = Settings()
    assert settings.jwt_audience == ("a", "b")
    assert settings.default_projects == frozenset()
    assert settings.jwt_scopes == {
        "x:y": {Scope.READ},
        "boss": {Scope.WRITE, Scope.ADMIN},
        "a=b": {Scope.READ},
    }
    assert settings.requires_credentials


def pem() -> str:
    public = signer("pem").key.public_key()
    text: str = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    return text.replace("BEGIN", " BEGIN")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"jwt_secret": json.dumps(signer("k1").jwk)}, "JWT_SECRET: it looks like a public key"),
        ({"jwt_jwks": "{folder}/missing.json"}, "cannot be used: No such file or directory"),
        ({"jwt_jwks": "{folder}"}, "cannot be used: Is a directory"),
        ({"jwt_jwks": "{folder}/pem"}, "cannot be used: Expecting value"),
        ({"jwt_jwks": "{folder}/private.json"}, "cannot be used: it has no key for signatures; a key is private"),
        ({"jwt_jwks": "{folder}/huge"}, "cannot be used: it has more than 262144 bytes"),
    ],
)
async def test_unusable_keys_stop_the_start_in_one_line(tmp_path: Path, settings: dict[str, str], message: str) -> None:
    (tmp_path / "pem").write_text(pem())
    (tmp_path / "huge").write_text(" " * 262_145)
    (tmp_path / "private.json").write_text(json.dumps({"keys": [signer("k1").jwk | {"d": "AAAA"}]}))
    values = {name: value.replace("{folder}", str(tmp_path)) for name, value in settings.items()}
    with pytest.raises(UnusableKey) as caught:
        async with open_api(tmp_path / "test.db", **{**SETTINGS, **values}):
            pass
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


async def test_server_with_jwts_needs_no_token_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "keys.json").write_text(key_set(signer("k1")))
    settings: dict[str, Any] = {**SETTINGS, "jwt_jwks": str(tmp_path / "keys.json"), "production": True}
    async with open_api(tmp_path / "test.db", **settings) as api:
        assert (await ask(api, VIEWER)).status_code == 401
        assert (await ask(api, VIEWER, f"Bearer {signer('k1').token()}")).status_code == 200
