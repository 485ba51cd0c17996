"""An identity provider for tests: keys, tokens, and a server of its key set on this machine."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import cache
from typing import Any, Final, NamedTuple

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import get_default_algorithms

from tests.api_client import EPOCH

ISSUER: Final = "https://id.example.org/"
AUDIENCE: Final = "session-graph"
SECRET: Final = "a secret of more than thirty-two bytes"  # noqa: S105 - of tests
NOW: Final = EPOCH // 1000

CLAIMS: Final[Mapping[str, Any]] = {
    "iss": ISSUER,
    "aud": AUDIENCE,
    "sub": "user-1",
    "exp": NOW + 300,
    "iat": NOW,
    "scope": "openid READ WRITE",
    "preferred_username": "ada",
}
SETTINGS: Final[dict[str, Any]] = {
    "jwt_issuer": ISSUER,
    "jwt_audience": AUDIENCE,
    "jwt_name_claim": "preferred_username",
    "jwt_projects": "*",
}


class Signer(NamedTuple):
    """A key pair of the provider."""

    id: str
    algorithm: str
    key: Any

    @property
    def jwk(self) -> dict[str, Any]:
        public: dict[str, Any] = get_default_algorithms()[self.algorithm].to_jwk(self.key.public_key(), as_dict=True)
        return {key: value for key, value in public.items() if key != "key_ops"} | {"kid": self.id, "use": "sig"}

    def token(self, headers: Mapping[str, Any] = {}, **claims: Any) -> str:
        """Sign a token with the usual claims; None removes one."""
        merged = {name: value for name, value in {**CLAIMS, **claims}.items() if value is not None}
        return jwt.encode(merged, self.key, self.algorithm, {"kid": self.id, **headers})


@cache
def signer(id_: str, algorithm: str = "ES256") -> Signer:
    match algorithm[:2]:
        case "RS" | "PS":
            return Signer(id_, algorithm, rsa.generate_private_key(65_537, 2048))
        case "Ed":
            return Signer(id_, algorithm, ed25519.Ed25519PrivateKey.generate())
    curves = {"ES256": ec.SECP256R1(), "ES384": ec.SECP384R1(), "ES512": ec.SECP521R1()}
    return Signer(id_, algorithm, ec.generate_private_key(curves[algorithm]))


def key_set(*signers: Signer) -> str:
    return json.dumps({"keys": [each.jwk for each in signers]})


def http_response(body: str | bytes, *headers: str, status: str = "200 OK") -> bytes:
    body = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return "\r\n".join((*lines, "", "")).encode() + body


class KeyServer:
    """Serves a key set that tests change."""

    def __init__(self) -> None:
        self.response: bytes | None = http_response(key_set(signer("k1")))
        """None: it accepts connections and says nothing."""
        self.requests: list[str] = []
        self.port = 0
        self.arrived = asyncio.Event()
        self.silence = asyncio.Event()
        """Ends the wait of those that get no answer."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/certs"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.requests.append((await reader.readuntil(b"\r\n\r\n")).decode())
        self.arrived.set()
        if self.response is None:
            await self.silence.wait()
        if self.response is not None:
            writer.write(self.response)
        writer.close()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield
        finally:
            self.silence.set()
            server.close()
            await server.wait_closed()


class FakeTime:
    """A clock in seconds that tests move."""

    def __init__(self) -> None:
        self.value = 1_000.0

    def __call__(self) -> float:
        return self.value
