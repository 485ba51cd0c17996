"""Keys of an identity provider, which change: read again in the background, and at once for an unknown key."""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple, TypeAlias

import httpx2
import structlog

from models.jwt_settings import JwtSettings
from resolvers.errors import CredentialsUnverifiable
from resolvers.periodic_task import periodic_task
from resolvers.tokens.jwt.key_set import KeySet, UnusableKey, VerificationKey, parse_key_set, secret_key

MAX_BYTES: Final = 256 * 1024
FETCH_SECONDS: Final = 5.0
FILE_SECONDS: Final = 2.0
"""How long a file is not read again."""
MIN_AGE_SECONDS: Final = 60.0
MAX_AGE_SECONDS: Final = 3_600.0
"""Most time that a key which the provider has withdrawn is accepted."""
DEFAULT_AGE_SECONDS: Final = 300.0
RETRY_SECONDS: Final = 10.0
"""Least time between two attempts: unknown keys in tokens must not make the server hammer its provider."""
KEPT_SECONDS: Final = 86_400.0
"""How long the last keys are used while the provider cannot be reached."""

_MAX_AGE: Final = re.compile(r"(?:^|[\s,])max-age=\"?(\d{1,9})\b", re.IGNORECASE)
_log = structlog.get_logger("jwt_keys")


class Unreadable(Exception):
    """The keys could not be read; the message says why."""


class Reading(NamedTuple):
    text: bytes
    seconds: float
    """How long it is current."""


Read: TypeAlias = Callable[[], Awaitable[Reading]]


class KeySource:
    """The keys as they were read last.

    Args:
        read: reads them; raises Unreadable. None if they never change.
        key_set: the first ones; empty until they are read.
        time: a clock that never steps.
    """

    def __init__(
        self, read: Read | None = None, key_set: KeySet | None = None, time: Callable[[], float] = time.monotonic
    ) -> None:
        self.key_set = key_set or KeySet()
        self.failure: str | None = None
        """Why the last attempt failed."""
        self._read = read
        self._time = time
        self._text = b""
        self._read_at = float("-inf") if key_set is None else time()
        self._attempted_at = float("-inf")
        self._due_at = float("inf") if read is None else float("-inf")
        self._reading: asyncio.Task[None] | None = None

    def accepts(self, thumbprint: str) -> bool:
        """Return whether a key is still among the keys."""
        return thumbprint in self.key_set.thumbprints

    async def find(self, key_id: str | None, algorithm: str) -> VerificationKey | None:
        """Find the key of a token; for an unknown one the keys are read again, unless that was a moment ago.

        Raises:
            CredentialsUnverifiable: there is none, but the keys could not be read.
        """
        found = self.key_set.find(key_id, algorithm)
        if found is None and self._read is not None:
            if self._reading is not None or self._time() - self._attempted_at >= RETRY_SECONDS:
                await self.refresh()
            found = self.key_set.find(key_id, algorithm)
            if found is None and self.failure is not None:
                raise CredentialsUnverifiable("the keys of the identity provider cannot be read at the moment")
        return found

    async def refresh_if_due(self) -> None:
        if self._time() >= self._due_at:
            await self.refresh()

    async def refresh(self) -> None:
        """Read the keys; calls at the same time share one attempt. A failure is in `failure`."""
        if self._reading is None:
            self._reading = asyncio.create_task(self._refresh(), name="reading of JWT keys")
        # A request that is cancelled must not cancel it for the others.
        await asyncio.shield(self._reading)

    async def _refresh(self) -> None:
        assert self._read is not None
        self._attempted_at = self._time()
        try:
            reading = await self._read()
            if reading.text != self._text:
                self._replace(reading.text)
        except (Unreadable, ValueError) as error:
            self._fail(str(error))
        else:
            if self.failure is not None:
                _log.info("JWT keys can be read again")
            self.failure, self._read_at = None, self._time()
            self._due_at = self._read_at + reading.seconds
        finally:
            self._reading = None

    def _replace(self, text: bytes) -> None:
        self.key_set, self._text = parse_key_set(text), text
        _log.info("JWT keys read", keys=len(self.key_set.keys), unusable=self.key_set.unusable)

    def _fail(self, reason: str) -> None:
        now = self._time()
        if self.failure != reason:
            _log.warning("JWT keys cannot be read", reason=reason)
        self.failure, self._due_at = reason, now + RETRY_SECONDS
        if self.key_set.keys and now - self._read_at >= KEPT_SECONDS:
            _log.error("JWT keys are too old to be used", hours=round(KEPT_SECONDS / 3_600))
            self.key_set, self._text = KeySet(), b""

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Read the keys now, and again whenever they are due, while the context lasts."""
        if self._read is None:
            yield
            return
        first = asyncio.create_task(self.refresh_if_due())
        try:
            async with periodic_task("reading of JWT keys", self.refresh_if_due, wait=_wait):
                yield
        finally:
            tasks = [task for task in (first, self._reading) if task is not None]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def open_key_source(settings: JwtSettings) -> AsyncIterator[KeySource]:
    """Open the configured keys. A wrong file stops the start, a provider that cannot be reached does not.

    Raises:
        UnusableKey: the secret, or the file, has no key that can be used.
    """
    if settings.jwt_secret is not None:
        try:
            key_set = secret_key(settings.jwt_secret.get_secret_value())
        except UnusableKey as error:
            raise UnusableKey(f"JWT_SECRET: {error}") from error
        yield KeySource(key_set=key_set)
        return
    assert settings.jwt_jwks is not None
    if "://" in settings.jwt_jwks:
        async with await _open_client() as http:
            yield KeySource(partial(fetch, http, settings.jwt_jwks))
        return
    read = partial(read_file, Path(settings.jwt_jwks))
    try:
        key_set = parse_key_set((await read()).text)
    except (Unreadable, ValueError) as error:
        raise UnusableKey(f"JWT_JWKS: {settings.jwt_jwks} cannot be used: {error}") from error
    yield KeySource(read, key_set)


async def read_file(file: Path) -> Reading:
    try:
        return Reading(await asyncio.to_thread(_read_bounded, file), FILE_SECONDS)
    except OSError as error:
        raise Unreadable(error.strerror or "it cannot be read") from error


def _read_bounded(file: Path) -> bytes:
    with file.open("rb") as stream:
        text = stream.read(MAX_BYTES + 1)
    if len(text) > MAX_BYTES:
        raise Unreadable(f"it has more than {MAX_BYTES} bytes")
    return text


async def _open_client() -> httpx2.AsyncClient:
    # Loading the certificate authorities takes a fifth of a second.
    context = await asyncio.to_thread(httpx2.create_ssl_context)
    headers = {"accept": "application/jwk-set+json, application/json", "accept-encoding": "identity"}
    return httpx2.AsyncClient(verify=context, headers=headers, follow_redirects=False, timeout=FETCH_SECONDS)


async def fetch(http: httpx2.AsyncClient, url: str) -> Reading:
    """Get a key set. A redirect is not followed: it could lead elsewhere than to the provider."""
    try:
        async with (
            asyncio.timeout(FETCH_SECONDS),  # of the whole response: it could come byte by byte
            http.stream("GET", url) as response,
        ):
            if response.status_code != httpx2.codes.OK:
                raise Unreadable(f"the provider answered {response.status_code}")
            text = bytearray()
            async for chunk in response.aiter_raw():  # not decoded: a few compressed bytes could become many
                text += chunk
                if len(text) > MAX_BYTES:
                    raise Unreadable(f"the response has more than {MAX_BYTES} bytes")
            return Reading(bytes(text), _current_seconds(response.headers.get("cache-control", "")))
    except TimeoutError:
        raise Unreadable(f"the provider did not answer within {FETCH_SECONDS:g} seconds") from None
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
        raise Unreadable(f"the provider cannot be reached: {type(error).__name__}") from error


def _current_seconds(cache_control: str) -> float:
    found = _MAX_AGE.search(cache_control)
    return min(max(float(found[1]), MIN_AGE_SECONDS), MAX_AGE_SECONDS) if found else DEFAULT_AGE_SECONDS


async def _wait() -> None:
    await asyncio.sleep(1.0)
