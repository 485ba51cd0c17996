"""Authentication: from a credential to its caller."""

import asyncio
from collections.abc import Collection, Iterable, Mapping
from hmac import compare_digest
from typing import TYPE_CHECKING, Final, NamedTuple

from cachetools import LRUCache

from models.clock import Clock, Instant
from models.database import CommittedChanges, Database
from models.enums import Kind, Scope
from models.origins import Origins
from models.tables.rows import Token
from resolvers.access import LOCAL_ADMIN, Caller
from resolvers.errors import Unauthenticated
from resolvers.tokens import repository, secrets
from resolvers.tokens.jwt.claims import JwtCaller
from resolvers.tokens.page_origins import PageOrigins

if TYPE_CHECKING:
    # Its libraries take 20 MB and 150 ms, so they are loaded only where JSON Web Tokens are configured.
    from resolvers.tokens.jwt.verifier import JwtVerifier

SCHEMES: Final = frozenset({"bearer", "token", "jwt"})
"""Of the header Authorization, in lower case; the older systems' clients send the last two."""
MAX_AGE_SECONDS: Final = 2.0
"""Another process may have revoked a token that is held for longer."""
MAX_TOKENS: Final = 10_000


class _Held(NamedTuple):
    token: Token
    caller: Caller
    origins: Origins | None
    read_at: float
    """By the clock of the event loop."""


class Authenticator:
    """Finds the callers of credentials; rows of tokens are held until a commit changes one, and for 2 seconds.

    Args:
        database: where the tokens are.
        clock: by which they expire.
        requires_credentials: whether a request needs one; None: once a token with ADMIN has been created.
        jwt_verifier: finds the callers of JSON Web Tokens, if they are accepted.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        requires_credentials: bool | None = None,
        jwt_verifier: "JwtVerifier | None" = None,
    ) -> None:
        self._database = database
        self._clock = clock
        self.jwt_verifier = jwt_verifier
        self._held: LRUCache[str, _Held] = LRUCache(MAX_TOKENS)
        self._configured = requires_credentials
        self._requires_credentials = requires_credentials is not False
        self._version = 0
        """Grows with each commit that changes tokens."""
        self._loaded_version = -1
        self.page_origins = PageOrigins(database, clock)
        self.last_used: dict[str, Instant] = {}
        """By the ids of tokens that were used since `take_last_used`."""

    async def load_requirement(self) -> None:
        """Read whether credentials are required."""
        if self._configured is None:
            version = self._version
            # Also if it is revoked or has expired: a server must not open itself again when its last token ends.
            self._requires_credentials = await self._database.read(repository.has_admin_token)
            self._loaded_version = version

    async def authenticate(
        self,
        authorization: str | None,
        origin: str | None = None,
        *,
        is_configured: bool = True,
        is_forwarded: bool = False,
    ) -> Caller:
        """Return the caller of an Authorization header, or of the member `authorization` of `connection_init`.

        Args:
            authorization: scheme and credential; None where the client sent none.
            origin: header Origin of the request.
            is_configured: whether pages of the origin may call whatever their credential is.
            is_forwarded: whether a proxy forwards the request of another machine.

        Raises:
            Unauthenticated: the credential is missing or not valid.
            StorageUnavailable, CredentialsUnverifiable: it cannot be checked at the moment.
        """
        if authorization is None:
            # Only a token has let this page in: it must not be what other callers without a credential are.
            if not is_configured and origin is not None and await self.page_origins.contain(origin):
                raise Unauthenticated("pages of this origin need a token that names it")
            if self._loaded_version != self._version:
                await self.load_requirement()
            return self._anonymous(is_forwarded=is_forwarded)
        scheme, _, credential = authorization.partition(" ")
        credential = credential.strip()
        if scheme.lower() not in SCHEMES or not credential:
            raise Unauthenticated("the credential must be sent as `Authorization: Bearer …`")
        if self.jwt_verifier is None or credential.startswith(secrets.PREFIX):
            return await self._find_caller(credential, origin)
        if (caller := await self.jwt_verifier.find_caller(credential)) is None:
            raise _invalid()
        return caller

    def _anonymous(self, *, is_forwarded: bool) -> Caller:
        if self._requires_credentials:
            raise Unauthenticated("a credential is required: `Authorization: Bearer …`")
        if is_forwarded and self._configured is None:
            # A server behind a proxy listens on this machine only, but its callers are anywhere.
            raise Unauthenticated("a credential is required for requests through a proxy: `Authorization: Bearer …`")
        return LOCAL_ADMIN

    async def _find_caller(self, credential: str, origin: str | None) -> Caller:
        now = self._clock.now()
        held = await self._find_token(credential)
        # Compared in constant time, and with one message for all that is wrong: it must not say which tokens exist.
        if held is None or not compare_digest(held.token.digest, secrets.digest(credential)):
            raise _invalid()
        token = held.token
        if token.revoked_at is not None or (token.expires_at is not None and token.expires_at <= now):
            raise _invalid()
        if held.origins is not None and not held.origins.contain(origin):
            raise Unauthenticated("the token may be used by pages of certain origins only, and the request is not")
        self.last_used[token.id] = now
        return held.caller

    async def _find_token(self, credential: str) -> _Held | None:
        lookup, time = secrets.lookup_of(credential), asyncio.get_running_loop().time()
        held = self._held.get(lookup)
        if held is not None and time - held.read_at <= MAX_AGE_SECONDS:
            return held
        if not secrets.is_well_formed(credential):
            return None
        version = self._version
        token = await self._database.read(repository.find_by_lookup, lookup)
        if token is None:
            return None
        held = _Held(token, caller_of(token), None if token.origins is None else Origins(token.origins), time)
        if version == self._version:  # else it may be older than a commit meanwhile
            self._held[lookup] = held
        return held

    def find_expired(self, callers: Iterable[Caller]) -> list[Caller]:
        """Return those of the callers whose access has ended by time, or with its key: the database is not needed."""
        now = self._clock.now()
        return [caller for caller in callers if self._has_expired(caller, now)]

    async def find_revoked(self, callers: Collection[Caller]) -> list[Caller]:
        """Return those of the callers whose token is revoked, or that need a credential by now."""
        if callers:
            await self.load_requirement()
        token_ids = sorted({caller.id for caller in callers if caller.id and not isinstance(caller, JwtCaller)})
        revoked = await self._database.read(repository.find_revoked, token_ids) if token_ids else frozenset()
        return [caller for caller in callers if (caller.id in revoked if caller.id else self._requires_credentials)]

    def _has_expired(self, caller: Caller, now: Instant) -> bool:
        if isinstance(caller, JwtCaller) and not (self.jwt_verifier and self.jwt_verifier.accepts(caller)):
            return True
        return caller.expires_at is not None and caller.expires_at <= now

    def on_commit(self, committed: CommittedChanges) -> None:
        if committed.token_ids:
            self._version += 1
            self._held.clear()
            self.page_origins.on_commit()

    def take_last_used(self) -> dict[str, Instant]:
        taken, self.last_used = self.last_used, {}
        return taken

    def return_last_used(self, taken: Mapping[str, Instant]) -> None:
        """Take back what could not be written."""
        self.last_used = {**taken, **self.last_used}


def caller_of(token: Token) -> Caller:
    return Caller(
        id=token.id,
        name=token.name,
        scopes=frozenset(map(Scope, token.scopes)),
        project_ids=None if token.project_ids is None else frozenset(token.project_ids),
        kinds=None if token.kinds is None else frozenset(map(Kind, token.kinds)),
        origins=None if token.origins is None else frozenset(token.origins),
        expires_at=token.expires_at,
    )


def _invalid() -> Unauthenticated:
    return Unauthenticated("the credential is not valid: it is unknown, has expired or was revoked")
