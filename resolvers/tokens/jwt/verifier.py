"""Verification of JSON Web Tokens: from a token to its caller."""

import re
from base64 import urlsafe_b64decode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from hashlib import sha256
from typing import Any, Final, NamedTuple

import structlog
from cachetools import LRUCache
from jwt.exceptions import PyJWTError

from models.clock import Clock
from models.jwt_settings import JwtSettings
from resolvers.tokens.jwt.claims import (
    InvalidJwt,
    JwtCaller,
    Validity,
    caller_from_claims,
    check_time,
    validate_claims,
)
from resolvers.tokens.jwt.key_source import KeySource, open_key_source
from resolvers.tokens.jwt.strict_json import parse_object

MAX_LENGTH: Final = 16_384
MAX_HELD_CHARACTERS: Final = 8 * 1024 * 1024
"""Length of all tokens that are held, about 10,000."""
TYPES: Final = frozenset({"jwt", "at+jwt"})
"""Of access tokens (RFC 9068); other tokens of the same provider, such as those for logout, have types of their own."""
_FORMAT: Final = re.compile(r"([A-Za-z0-9_-]+)\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+", re.ASCII)

_log = structlog.get_logger("jwt")


class _Verified(NamedTuple):
    caller: JwtCaller
    validity: Validity
    length: int


class JwtVerifier:
    """Finds the callers of JSON Web Tokens. Verified ones are held: their signature is checked once."""

    def __init__(self, settings: JwtSettings, keys: KeySource, clock: Clock) -> None:
        self.keys = keys
        self._settings = settings
        self._algorithms = settings.accepted_algorithms
        self._clock = clock
        self._verified: LRUCache[bytes, _Verified] = LRUCache(MAX_HELD_CHARACTERS, lambda verified: verified.length)
        """By the SHA-256 of the token."""

    async def find_caller(self, token: str) -> JwtCaller | None:
        """Return the caller of a token; None if it is not valid.

        Raises:
            CredentialsUnverifiable: the keys of the identity provider cannot be read at the moment.
        """
        try:
            return await self._find_caller(token)
        except InvalidJwt as error:
            _log.debug("JWT refused", reason=str(error))
            return None

    async def _find_caller(self, token: str) -> JwtCaller:
        if len(token) > MAX_LENGTH or not token.isascii():
            raise InvalidJwt("the token is longer than 16,384 characters, or not ASCII")
        digest = sha256(token.encode()).digest()
        verified = self._verified.get(digest)
        if verified is None or not self.accepts(verified.caller):
            verified = self._verified[digest] = await self._verify(token)
        check_time(verified.validity, self._clock.now())
        return verified.caller

    def accepts(self, caller: JwtCaller) -> bool:
        """Return whether the key that signed the caller's token is still valid."""
        return self.keys.accepts(caller.key)

    async def _verify(self, token: str) -> _Verified:
        algorithm, key_id = self._read_header(token)
        key = await self.keys.find(key_id, algorithm)
        if key is None:
            raise InvalidJwt("the key is unknown, or not for this algorithm")
        try:
            claims = parse_object(key.verify(token, algorithm))
        except PyJWTError as error:
            raise InvalidJwt(f"the signature is not valid: {type(error).__name__}") from error
        except ValueError as error:
            raise InvalidJwt(f"the payload is malformed: {type(error).__name__}") from error
        validity = validate_claims(claims, self._settings, self._clock.now())
        caller = caller_from_claims(claims, self._settings, validity.expires_at, key.thumbprint)
        return _Verified(caller, validity, len(token))

    def _read_header(self, token: str) -> tuple[str, str | None]:
        """Return `alg` and `kid`. The keys that a header may bring along, or point to, are never used."""
        found = _FORMAT.fullmatch(token)
        if found is None:
            raise InvalidJwt("the credential is not a signed JSON Web Token")
        try:
            header: dict[str, Any] = parse_object(urlsafe_b64decode(found[1] + "=="))
        except ValueError as error:
            raise InvalidJwt("the header is malformed") from error
        algorithm, key_id, type_ = header.get("alg"), header.get("kid"), header.get("typ", "JWT")
        if not isinstance(algorithm, str) or algorithm not in self._algorithms:
            raise InvalidJwt("the algorithm is not accepted")
        if "crit" in header or "b64" in header:
            raise InvalidJwt("the header has extensions that must be understood")
        if not isinstance(type_, str) or type_.lower().removeprefix("application/") not in TYPES:
            raise InvalidJwt("the type is not that of an access token")
        if not isinstance(key_id, str | None):
            raise InvalidJwt("the key id is not text")
        return algorithm, key_id


@asynccontextmanager
async def running_verifier(settings: JwtSettings, clock: Clock, *, background_jobs: bool) -> AsyncIterator[JwtVerifier]:
    """Open the keys, and keep them current if `background_jobs`.

    Raises:
        UnusableKey: no configured key can be used.
    """
    async with open_key_source(settings) as keys, keys.running() if background_jobs else nullcontext():
        yield JwtVerifier(settings, keys, clock)
