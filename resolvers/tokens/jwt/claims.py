"""Claims of a JSON Web Token: whether they are valid, and which caller they describe."""

from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final, NamedTuple

from models.clock import SECOND, Instant
from models.enums import Scope
from models.jwt_settings import ALL_PROJECTS, JwtSettings
from models.kinds.project import PROJECT_ID
from resolvers.access import Caller

ID_PREFIX: Final = "jwt_"
MAX_NAME_LENGTH: Final = 256
"""That of `username`, whose default the name is."""
_MAX_DATE: Final = 253_402_300_799
"""The last second of the year 9999."""


class InvalidJwt(Exception):
    """The token is not valid. The reason is for the log: clients must not learn it."""


@dataclass(frozen=True, slots=True)
class JwtCaller(Caller):
    key: str = ""
    """Thumbprint of the key that signed the token: access ends when the provider withdraws it."""

    @property
    def grants_until(self) -> None:
        # The user gets the next token every few minutes: the end of this one is not that of what the user may do.
        return None

    @property
    def username(self) -> str:
        return self.name


class Validity(NamedTuple):
    accepted_from: Instant
    accepted_until: Instant
    expires_at: Instant
    """Without leeway: open streams end then, though requests are accepted for a little longer."""


def validate_claims(claims: dict[str, Any], settings: JwtSettings, now: Instant) -> Validity:
    """Check issuer, audience and times.

    Raises:
        InvalidJwt: the token is not for this server, or not for this time.
    """
    if claims.get("iss") != settings.jwt_issuer:
        raise InvalidJwt("the issuer is not JWT_ISSUER")
    if not set(settings.jwt_audience).intersection(_texts(claims.get("aud"), split=False)):
        raise InvalidJwt("the audience is not JWT_AUDIENCE")
    if "cnf" in claims:
        # Bound to a key of the client, which a bearer does not prove to have (RFC 8705, RFC 9449).
        raise InvalidJwt("the token is bound to a key of its client")
    leeway = round(settings.jwt_leeway_seconds * SECOND)
    if (expires_at := _date(claims, "exp")) is None:
        raise InvalidJwt("the token never expires")
    starts = [date for name in ("nbf", "iat") if (date := _date(claims, name)) is not None]
    validity = Validity(max(starts, default=0) - leeway, expires_at + leeway, expires_at)
    check_time(validity, now)
    return validity


def check_time(validity: Validity, now: Instant) -> None:
    """Raise InvalidJwt outside the validity."""
    if validity.accepted_until <= now:
        raise InvalidJwt("the token has expired")
    if validity.accepted_from > now:
        raise InvalidJwt("the token is not yet valid")


def caller_from_claims(claims: dict[str, Any], settings: JwtSettings, expires_at: Instant, key: str) -> JwtCaller:
    """Map valid claims to a caller.

    Raises:
        InvalidJwt: a claim that is needed is missing or malformed.
    """
    subject = _text(claims.get("sub"))
    name = _find(claims, settings.jwt_name_claim)
    # By the subject, not by the token: clients get a new one every few minutes.
    identity = sha256(f"{settings.jwt_issuer}\0{subject}".encode()).hexdigest()[:32]
    values = _texts(_find(claims, settings.jwt_scopes_claim))
    return JwtCaller(
        id=ID_PREFIX + identity,
        name=_text(subject if name is None else name),
        scopes=frozenset[Scope]().union(*(settings.jwt_scopes.get(value, ()) for value in values)),
        project_ids=_project_ids(claims, settings),
        expires_at=expires_at,
        key=key,
    )


def _project_ids(claims: dict[str, Any], settings: JwtSettings) -> frozenset[str] | None:
    claim = None if settings.jwt_projects_claim is None else _find(claims, settings.jwt_projects_claim)
    if claim is None:
        return settings.default_projects
    values = _texts(claim)
    return None if ALL_PROJECTS in values else frozenset(filter(PROJECT_ID.fullmatch, values))


def _find(claims: dict[str, Any], path: str) -> Any:
    """Return the claim of this name, or that inside an object which its dots lead to; None if there is none.

    Names may have dots themselves, such as `https://example.org/roles`.
    """
    if path in claims:
        return claims[path]
    for end in (index for index, character in enumerate(path) if character == "."):
        inner = claims.get(path[:end])
        if isinstance(inner, dict) and (found := _find(inner, path[end + 1 :])) is not None:
            return found
    return None


def _texts(claim: Any, *, split: bool = True) -> list[str]:
    """Return the items of a list, or the words of a text; without `split`, the whole text."""
    if claim is None:
        return []
    if isinstance(claim, str):
        return claim.split() if split else [claim]
    if not isinstance(claim, list) or not all(isinstance(item, str) for item in claim):
        raise InvalidJwt("a claim is neither text nor a list of texts")
    return claim


def _text(value: Any) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= MAX_NAME_LENGTH or "\0" in value:
        raise InvalidJwt("the subject or the name is not a text of 1 to 256 characters")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise InvalidJwt("the subject or the name is not valid Unicode") from None
    return value


def _date(claims: dict[str, Any], name: str) -> Instant | None:
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _MAX_DATE:
        raise InvalidJwt("a date is not a number of seconds")
    return int(value * SECOND)
