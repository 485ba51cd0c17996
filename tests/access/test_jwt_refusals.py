"""JSON Web Tokens that are refused, all with the same answer."""

import base64
import json
from pathlib import Path
from typing import Final

import jwt
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.access.identity_provider import AUDIENCE, CLAIMS, ISSUER, NOW, key_set, signer
from tests.access.jwt_server import ES256, REFUSED, RS256, server, viewer
from tests.access.tokens import VIEWER, ask


def with_payload(text: str) -> str:
    """Sign a payload as it stands."""
    return jwt.PyJWS().encode(text.encode(), ES256.key, "ES256", {"kid": ES256.id})


def with_header(header: str) -> str:
    """Sign with a header as it stands."""
    payload = ES256.token().split(".")[1]
    message = f"{base64.urlsafe_b64encode(header.encode()).decode().rstrip('=')}.{payload}"
    signature = jwt.algorithms.get_default_algorithms()["ES256"].sign(message.encode(), ES256.key)
    return f"{message}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"


def unsigned(algorithm: str) -> str:
    header = base64.urlsafe_b64encode(json.dumps({"alg": algorithm, "kid": "es256"}).encode()).decode().rstrip("=")
    return f"{header}.{ES256.token().split('.')[1]}."


def signed_with_a_public_key(algorithm: str, encoding: Encoding) -> str:
    """Sign with the public key as if it were a secret."""
    public = RS256.key.public_key().public_bytes(encoding, PublicFormat.SubjectPublicKeyInfo)
    message = ".".join(jwt.encode(dict(CLAIMS), "x" * 64, algorithm, {"kid": "rs256"}).split(".")[:2])
    hash_ = jwt.algorithms.HMACAlgorithm(getattr(jwt.algorithms.HMACAlgorithm, f"SHA{algorithm[2:]}"))
    return f"{message}.{base64.urlsafe_b64encode(hash_.sign(message.encode(), public)).decode().rstrip('=')}"


def payload(**changed: str) -> str:
    """Return a payload whose named claims are the given JSON text."""
    members = {name: json.dumps(value) for name, value in CLAIMS.items()} | changed
    return f"{{{', '.join(f'{json.dumps(name)}: {text}' for name, text in members.items())}}}"


ATTACKER: Final = signer("es256-of-an-attacker", "ES256")._replace(id="es256")

REFUSALS: Final = {
    "no token": "abc",
    "two parts": "a.b",
    "five parts, as an encrypted token": "a.b.c.d.e",
    "garbage": "%%%.%%%.%%%",
    "header is no JSON": "YQ.YQ.YQ",
    "header is a list": with_header('["ES256"]'),
    "header has a member twice": with_header('{"alg": "none", "alg": "ES256", "kid": "es256"}'),
    "header is deep": with_header('{"alg": "ES256", "x": ' + "[" * 3_000 + "]" * 3_000 + "}"),
    "header is not UTF-8": "gICA." + ".".join(ES256.token().split(".")[1:]),
    "no algorithm": with_header('{"kid": "es256"}'),
    "algorithm is a list": with_header('{"alg": ["ES256"], "kid": "es256"}'),
    "algorithm none": unsigned("none"),
    "algorithm None": unsigned("None"),
    "no signature": unsigned("ES256"),
    "unknown algorithm": with_header('{"alg": "ES256K", "kid": "es256"}'),
    "algorithm of another curve": with_header('{"alg": "ES384", "kid": "es256"}'),
    "algorithm of another key type": with_header('{"alg": "RS256", "kid": "es256"}'),
    "public key as secret, PEM": signed_with_a_public_key("HS256", Encoding.PEM),
    "public key as secret, DER": signed_with_a_public_key("HS512", Encoding.DER),
    "critical extension": ES256.token({"crit": ["exp"]}),
    "extension that changes nothing": with_header('{"alg": "ES256", "kid": "es256", "crit": ["b64"], "b64": true}'),
    "unencoded payload": with_header('{"alg": "ES256", "kid": "es256", "crit": ["b64"], "b64": false}'),
    "other type": ES256.token({"typ": "logout+jwt"}),
    "type is a number": with_header('{"alg": "ES256", "kid": "es256", "typ": 1}'),
    "unknown key": ES256._replace(id="other").token(),
    "key id is a number": with_header('{"alg": "ES256", "kid": 1}'),
    "key id of another key": ES256._replace(id="es384").token(),
    "another key under the same id": ATTACKER.token(),
    "key in the header": ATTACKER.token({"jwk": ATTACKER.jwk}),
    "key at an address in the header": ATTACKER.token({"jku": "http://127.0.0.1:1/", "x5u": "http://127.0.0.1:1/"}),
    "certificate in the header": ATTACKER.token({"x5c": ["MIIB"], "x5t": "abc"}),
    "no key id where several keys fit": with_header('{"alg": "RS256"}'),
    "payload is no JSON": with_payload("abc"),
    "payload is a list": with_payload("[]"),
    "payload is another token": with_payload(ES256.token()),
    "payload has a claim twice": with_payload(payload()[:-1] + f', "exp": {NOW + 9_999}}}'),
    "payload has NaN": with_payload(payload(x="NaN")),
    "payload is deep": with_payload(payload(x="[" * 3_000 + "]" * 3_000)),
    "payload is not UTF-8": jwt.PyJWS().encode(b'{"a": "\xff"}', ES256.key, "ES256", {"kid": "es256"}),
    "too long": ES256.token(x="y" * 16_384),
    "no expiry": ES256.token(exp=None),
    "expired": ES256.token(exp=NOW - 5),
    "expiry is text": ES256.token(exp=str(NOW + 60)),
    "expiry is true": ES256.token(exp=True),
    "expiry is a list": ES256.token(exp=[NOW + 60]),
    "expiry is negative": ES256.token(exp=-1),
    "expiry is beyond all years": with_payload(payload(exp="1e300")),
    "expiry is infinite": with_payload(payload(exp="1e400")),
    "expiry has thousands of digits": with_payload(payload(exp="9" * 5_000)),
    "not yet valid": ES256.token(nbf=NOW + 6),
    "issued in the future": ES256.token(iat=NOW + 6),
    "issued at text": ES256.token(iat="yesterday"),
    "no issuer": ES256.token(iss=None),
    "other issuer": ES256.token(iss=ISSUER.rstrip("/")),
    "issuers": with_payload(payload(iss=json.dumps([ISSUER]))),
    "no audience": ES256.token(aud=None),
    "other audience": ES256.token(aud="session"),
    "audience is a part of ours": ES256.token(aud=["session-graph-2", ""]),
    "audience is nested": ES256.token(aud=[[AUDIENCE]]),
    "audience is an object": ES256.token(aud={AUDIENCE: 1}),
    "audience in words": ES256.token(aud=f"{AUDIENCE} other"),
    "no subject": ES256.token(sub=None),
    "subject is empty": ES256.token(sub=""),
    "subject is a number": with_payload(payload(sub="1")),
    "subject is no Unicode": with_payload(payload(sub='"\\ud800"')),
    "subject has NUL": ES256.token(sub="a\0b"),
    "name is too long": ES256.token(preferred_username="x" * 257),
    "name is an object": ES256.token(preferred_username={}),
    "scopes are nested": ES256.token(scope=[["READ"]]),
    "scopes are an object": ES256.token(scope={"READ": True}),
    "bound to a key of its client": ES256.token(cnf={"jkt": "abc"}),
}


async def test_invalid_tokens_get_the_same_answer(tmp_path: Path) -> None:
    extra = signer("rs256-2", "RS256")
    async with server(tmp_path) as api:
        # Two keys fit a token without an id, so that it is ambiguous.
        source = api.app.state.services.authenticator.jwt_verifier.keys
        (tmp_path / "keys.json").write_text(key_set(ES256, RS256, extra, signer("es384", "ES384")))
        await source.refresh()
        for name, token in REFUSALS.items():
            answer = await ask(api, VIEWER, f"Bearer {token}")
            (error,) = answer.json()["errors"]
            assert (name, answer.status_code, error["message"]) == (name, 401, REFUSED)
        assert (await viewer(api, ES256.token()))["name"] == "ada"
