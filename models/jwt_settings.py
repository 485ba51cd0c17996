"""Settings of JSON Web Tokens: the keys of an identity provider, and what the claims of its tokens mean here."""

import ipaddress
from collections.abc import Mapping
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import NoDecode

from models.enums import Scope
from models.kinds.project import validate_project_id

SECRET_ALGORITHMS: Final = ("HS256", "HS384", "HS512")
PUBLIC_KEY_ALGORITHMS: Final = (
    *("RS256", "RS384", "RS512"),
    *("PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512"),
    "EdDSA",
)
MIN_SECRET_BYTES: Final = 32  # RFC 7518, 3.2: as long as the hash of HS256
ALL_PROJECTS: Final = "*"

_REQUIRED: Final = {
    "jwt_issuer": "must be set with JSON Web Tokens: the `iss` of those to accept",
    "jwt_audience": "must be set with JSON Web Tokens: the `aud` of those to accept",
    "jwt_projects": "must be set, or JWT_PROJECTS_CLAIM: no caller could access a project",
}
_WRONG: Final = object()
_DEFAULT_SCOPES: Final[Mapping[str, frozenset[Scope]]] = {scope.value: frozenset({scope}) for scope in Scope}


def _validate_secret(secret: SecretStr) -> SecretStr:
    length = len(secret.get_secret_value().encode())
    if length < MIN_SECRET_BYTES:
        raise ValueError(f"must have at least {MIN_SECRET_BYTES} bytes, not {length}")
    if "-----BEGIN" in secret.get_secret_value():
        raise ValueError("must be a secret of HS256, not a public key: give a key set as JWT_JWKS")
    return secret


def _validate_jwks(value: str) -> str:
    if "://" not in value:
        return value
    parts = urlsplit(value)
    if not parts.hostname or not (parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(parts.hostname))):
        raise ValueError("must be a file or an https URL; http is for this machine only: a key set must not be forged")
    return value


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _split_list(value: Any) -> Any:
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


def _parse_scopes(value: Any) -> Any:
    """Parse `value=SCOPE` pairs; a value that is there twice gives both scopes."""
    if not isinstance(value, str):
        return value
    scopes: dict[str, frozenset[Scope]] = {}
    for pair in _split_list(value):
        claimed, _, name = (part.strip() for part in pair.rpartition("="))
        if not claimed or name not in set(Scope):
            raise ValueError(f"must be pairs such as sessions:read=READ, of {', '.join(Scope)}; not {pair}")
        scopes[claimed] = scopes.get(claimed, frozenset()) | {Scope(name)}
    return scopes


def _validate_projects(value: tuple[str, ...]) -> tuple[str, ...]:
    for id_ in value:
        if id_ != ALL_PROJECTS:
            validate_project_id(id_)
    return value


_Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split_list)]


class JwtSettings(BaseModel):
    """Settings of JSON Web Tokens. Descriptions are printed in docs/configuration.md."""

    jwt_secret: Annotated[SecretStr, AfterValidator(_validate_secret)] | None = Field(
        None,
        description="secret of at least 32 bytes that signs JSON Web Tokens (HS256, HS384, HS512); they authenticate "
        "callers beside the server's own tokens",
    )
    jwt_jwks: Annotated[str, AfterValidator(_validate_jwks)] | None = Field(
        None,
        description="public keys of the identity provider that issues JSON Web Tokens: a file or https URL of a JSON "
        "Web Key Set, such as `https://id.example.org/realms/main/protocol/openid-connect/certs`",
    )
    jwt_algorithms: _Names = Field(
        (),
        validate_default=True,
        description="accepted signature algorithms, comma-separated; default: with a secret HS256, with a key set "
        f"{', '.join(PUBLIC_KEY_ALGORITHMS)}, as far as they fit the key",
    )
    jwt_issuer: str = Field(
        "", validate_default=True, description="the claim `iss` of accepted JSON Web Tokens; required with them"
    )
    jwt_audience: _Names = Field(
        (),
        validate_default=True,
        description="accepted values of the claim `aud`, comma-separated; required with JSON Web Tokens",
    )
    jwt_leeway_seconds: Annotated[float, Field(ge=0, le=300)] = Field(
        5.0, description="how far the clock of the identity provider may differ, for `exp`, `nbf` and `iat`"
    )
    jwt_name_claim: str = Field(
        "sub",
        min_length=1,
        description="claim with the caller's name, which is also the default `username` of USER sessions; `sub` where "
        "a token lacks it. Dots lead into objects, here and in the other claims",
    )
    jwt_scopes_claim: str = Field(
        "scope",
        min_length=1,
        description="claim with what the caller may do, a list or words separated by spaces: `scope`, `permissions`, "
        "`realm_access.roles`, …",
    )
    jwt_scopes: Annotated[Mapping[str, frozenset[Scope]], NoDecode, BeforeValidator(_parse_scopes)] = Field(
        _DEFAULT_SCOPES,
        description="which values of that claim give which scopes, comma-separated: `sessions:read=READ,"
        "sessions:write=WRITE,admin=READ,admin=WRITE,admin=ADMIN`; others give none. Default: READ, WRITE and ADMIN "
        "under their own names",
    )
    jwt_projects_claim: Annotated[str, Field(min_length=1)] | None = Field(
        None,
        description="claim with the ids of the caller's projects, a list or words separated by spaces; `*` for all",
    )
    jwt_projects: Annotated[_Names, AfterValidator(_validate_projects)] = Field(
        (),
        validate_default=True,
        description="projects of callers whose token has no such claim: ids, comma-separated, or `*` for all; default: "
        "none",
    )

    @property
    def accepts_jwts(self) -> bool:
        return self.jwt_secret is not None or self.jwt_jwks is not None

    @property
    def accepted_algorithms(self) -> frozenset[str]:
        """What a token may be signed with; never `none`, and never HS… with a public key."""
        default = SECRET_ALGORITHMS[:1] if self.jwt_secret is not None else PUBLIC_KEY_ALGORITHMS
        return frozenset(self.jwt_algorithms or default)

    @property
    def default_projects(self) -> frozenset[str] | None:
        """Projects of callers whose tokens name none; None for all."""
        return None if ALL_PROJECTS in self.jwt_projects else frozenset(self.jwt_projects)

    @field_validator("jwt_jwks")
    @classmethod
    def _reject_two_kinds_of_keys(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is not None and info.data.get("jwt_secret") is not None:
            raise ValueError("must not be set beside JWT_SECRET")
        return value

    @field_validator("jwt_algorithms", "jwt_issuer", "jwt_audience", "jwt_projects_claim", "jwt_projects")
    @classmethod
    def _validate_beside_keys(cls, value: Any, info: ValidationInfo) -> Any:
        """Refuse what makes no sense with the configured keys, or without any."""
        secret, key_set = (info.data.get(name, _WRONG) for name in ("jwt_secret", "jwt_jwks"))
        if _WRONG in (secret, key_set):
            return value  # reported by itself
        if secret is None and key_set is None:
            if value:
                raise ValueError("needs JWT_SECRET or JWT_JWKS")
        elif info.field_name == "jwt_algorithms":
            _check_algorithms(value, secret)
        elif not value and info.field_name in _REQUIRED and not info.data.get("jwt_projects_claim"):
            raise ValueError(_REQUIRED[info.field_name])
        return value


def _check_algorithms(names: tuple[str, ...], secret: SecretStr | None) -> None:
    allowed, keys = (PUBLIC_KEY_ALGORITHMS, "a key set") if secret is None else (SECRET_ALGORITHMS, "a secret")
    for name in names:
        if name not in allowed:
            raise ValueError(f"must be of {', '.join(allowed)} with {keys}, not {name}")
        if secret is not None and len(secret.get_secret_value().encode()) < int(name[2:]) // 8:
            raise ValueError(f"{name} needs a JWT_SECRET of at least {int(name[2:]) // 8} bytes")
