"""Settings of the transport: the address, which hosts and origins it serves, and the limits of one request."""

import ipaddress
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, ValidationInfo, field_validator
from pydantic_settings import NoDecode

from transport.client_address import Networks, parse_networks
from transport.documents.trusted import read_manifest
from transport.origins import LOOPBACK_HOSTS, AllowedOrigins, normalize_host, validate_hosts, validate_origins


class TrustMode(StrEnum):
    """What happens to documents outside the trusted ones."""

    OFF = "off"
    """They run."""
    LOG = "log"
    """They run, and each is logged."""
    ENFORCE = "enforce"
    """They are refused: FORBIDDEN."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one request, far above what honest clients send. docs/configuration.md prints the descriptions.

    Over a limit: error code QUERY_TOO_COMPLEX with the number and the limit, or HTTP status 413 for the body.
    Fragments count at each spread.
    """

    body_bytes: int = 2 * 1024 * 1024
    """Size of a body without files."""
    body_idle_seconds: float = 15.0
    """Longest pause while a client sends a body; then status 408."""
    body_seconds: float = 30.0
    """Time to send a body, plus the time that it takes at the slowest rate; then status 408."""
    body_bytes_per_second: float = 4096.0
    """Slowest rate."""
    multipart_bytes: int = 64 * 1024 * 1024
    """Size of a body with files."""
    upload_bytes: int = 64 * 1024 * 1024
    """Size of one file. Resolvers may accept less."""
    upload_files: int = 10
    """Files of one request."""
    upload_paths: int = 10
    """Places in the variables that files are mapped to."""
    json_depth: int = 64
    """Nesting of arrays and objects in a body."""
    json_values: int = 50_000
    """Strings, arrays and objects in a body. 2 MiB could hold 700,000, which take a second and 100 MB to parse."""
    variables_depth: int = 32
    """Nesting of arrays and objects in the variables."""

    characters: int = 128 * 1024
    """Length of a document, comments and white space included."""
    tokens: int = 2_000
    """Lexical tokens of a document; as many comments are allowed."""
    operations: int = 20
    """Operations of a document."""
    selections: int = 2_000
    """Fields and fragment spreads in all operations of a document."""
    merges: int = 5_000
    """Pairs of selections with the same response name: validation compares each pair."""
    depth: int = 12
    """Nesting of fields; root fields have depth 1."""
    introspection_depth: int = 16
    """Nesting of fields under `__schema` and `__type`. GraphiQL sends 15."""
    aliases: int = 30
    """Aliases of an operation."""
    root_fields: int = 10
    """Root fields of an operation."""
    directives: int = 20
    """Directives of an operation."""
    cost: int = 20_000
    """Sum of field weights, each multiplied by the sizes of the lists around it."""
    default_list_size: int = 10
    """Size of a list in the cost where neither the operation nor the schema has one."""
    list_size: int = 1_000
    """Items of a list argument, and the most that `first` or `last` counts in the cost."""

    errors: int = 20
    """Validation or coercion errors in one response; one more says that there were others."""
    operation_seconds: float = 10.0
    """Duration of an operation; then error code TIMEOUT."""

    overload_wait_seconds: float = 0.5
    """Time that operations may take while the event loop is saturated; while they take longer, further ones are
    refused: error code SERVICE_UNAVAILABLE with `retryAfter`. A large value switches this off."""
    overload_lag_seconds: float = 0.5
    """Lag of subscriptions from which mutations are refused, nearly all at twice the lag; new subscriptions and queries
    are from half of it. A large value switches this off."""
    short_cost: int = 20
    """Cost up to which a query counts as short; an overloaded server refuses others before."""

    stream_queue_bytes: int = 1024 * 1024
    """Queue of one subscription; when it overflows, it is dropped and read again from the source."""
    stream_heartbeat_seconds: float = 15.0
    """Longest silence of a subscription over HTTP; then a heartbeat is sent."""
    stream_stall_seconds: float = 30.0
    """Time in which a client takes nothing of its queue; then its stream is closed."""

    socket_operations: int = 50
    """Concurrent operations of one WebSocket."""
    message_rate: float = 50.0
    """Sustained messages per second from one WebSocket; then close code 1013."""
    message_burst: int = 200
    """Messages at once from one WebSocket."""
    init_seconds: float = 10.0
    """Time until `connection_init`; then close code 4408."""
    ping_seconds: float = 20.0
    """Interval of pings to a WebSocket."""
    pong_seconds: float = 10.0
    """Time until the pong; then close code 4408."""

    cached_documents: int = 1_000
    """Parsed and validated documents in the cache, and rejected ones with their errors."""
    cached_tokens: int = 100_000
    """Lexical tokens of all cached documents, about 35 MB."""
    persisted_documents: int = 1_000
    """Automatic persisted queries that are remembered."""
    persisted_bytes: int = 4 * 1024 * 1024
    """Size of all of them."""


def _split_list(value: Any) -> Any:
    return tuple(name.strip() for name in value.split(",") if name.strip()) if isinstance(value, str) else value


def _load_manifest(value: Any) -> Any:
    return read_manifest(Path(value)) if isinstance(value, str) else value


def _check_limit_names(value: Any) -> Any:
    if isinstance(value, str):
        raise ValueError("set each limit by its own name, such as LIMITS__DEPTH")  # noqa: TRY004 - pydantic's rule
    unknown = sorted(set(value) - {field.name for field in fields(Limits)}) if isinstance(value, dict) else []
    if unknown:
        raise ValueError(f"there is no limit {', '.join(unknown).upper()}")
    return value


def _check_limits_positive(limits: Limits) -> Limits:
    if wrong := [name.upper() for name, value in asdict(limits).items() if not value > 0]:
        raise ValueError(f"{', '.join(wrong)} must be greater than 0")
    return limits


def _validate_listen_address(value: str) -> str:
    if normalize_host(value) is None:
        raise ValueError(f"must be a host name or IP address without scheme and port, such as 127.0.0.1, not {value}")
    return value


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def is_loopback_address(host: str) -> bool:
    """Whether only programs on this machine can reach a server that listens on `host`."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


class TransportSettings(BaseModel):
    """Settings of the transport. Descriptions are printed in docs/configuration.md."""

    host: Annotated[str, AfterValidator(_validate_listen_address)] = Field(
        "127.0.0.1",
        description="address to listen on; any but a loopback address needs a token with ADMIN, or `--insecure`",
    )
    port: Annotated[int, Field(ge=0, le=65535)] = Field(8000, description="port to listen on; 0 takes a free one")
    insecure: bool = Field(
        False, description="same as `--insecure`: serve callers without a credential, as administrators"
    )
    allowed_hosts: Annotated[
        tuple[str, ...], NoDecode, BeforeValidator(_split_list), AfterValidator(validate_hosts)
    ] = Field(
        (),
        description="host names to answer to, with any port, comma-separated: `app.example.org`, `*.example.org` for "
        "its subdomains, `*` for any; default: loopback names on a loopback address, else any",
    )
    allowed_origins: Annotated[
        tuple[str, ...], NoDecode, BeforeValidator(_split_list), AfterValidator(validate_origins)
    ] = Field(
        (),
        description="other origins whose pages may use the server, comma-separated: `https://app.example.org`, "
        "`https://*.example.org`, `*`; default: loopback origins on a loopback address outside production, else none",
    )
    trusted_proxies: Annotated[Networks, NoDecode, BeforeValidator(parse_networks), BeforeValidator(_split_list)] = (
        Field(
            (),
            description="addresses and networks of reverse proxies, comma-separated: `127.0.0.1`, `10.0.0.0/8`, `::1`; "
            "clients are limited by the address that these add to `X-Forwarded-For`, which is ignored from any other",
        )
    )
    rate_address: Annotated[float, Field(ge=0)] | None = Field(
        None,
        description="cost per second that one client address (of IPv6 a /64 network) may spend on operations without "
        "a token and on requests that are refused before authentication; then RATE_LIMITED; 0: unlimited; "
        "default: 5000, or unlimited for a local server",
    )
    rate_seconds: Annotated[float, Field(ge=1, le=3600)] = Field(
        10.0, description="seconds of a rate that may be spent at once, after a client has spent nothing for as long"
    )
    streams_per_address: Annotated[int, Field(ge=0)] | None = Field(
        None,
        description="most WebSockets, event streams and multipart subscriptions from one client address (of IPv6 a "
        "/64 network), counted together; then status 429; 0: unlimited; default: 1000, or unlimited for a local server",
    )
    streams_per_token: Annotated[int, Field(ge=0)] | None = Field(
        None,
        description="the same for one token, from all addresses; a WebSocket over it is closed with 1013; "
        "0: unlimited; default: 20000, or unlimited for a local server",
    )
    cors_credentials: bool = Field(False, description="let pages of other origins send cookies; tokens do not need it")
    csrf_prevention: bool = Field(
        True,
        description="require `GraphQL-Require-Preflight: 1` (or `Apollo-Require-Preflight`, "
        "`X-Apollo-Operation-Name`) on multipart requests",
    )
    uploads: bool = Field(True, description="accept multipart requests with files")
    gzip_bytes: Annotated[int, Field(ge=0)] = Field(
        1024, description="shortest response body that is compressed, streams excepted; 0: never"
    )
    persisted_queries: bool = Field(
        True, description="automatic persisted queries: clients may send a document's hash in place of its text"
    )
    trusted_documents: Annotated[Mapping[str, str] | None, NoDecode, BeforeValidator(_load_manifest)] = Field(
        None,
        description="file of trusted documents, `{id: text}` or an Apollo manifest; requests name one by "
        "`documentId`, `doc_id`, `id` or as a persisted query",
    )
    trusted_documents_mode: TrustMode = Field(
        TrustMode.ENFORCE,
        description="what happens to other documents: `off` (run), `log` (run and log), `enforce` (refuse)",
    )
    metrics: bool | None = Field(
        None,
        description="serve `GET /metrics`: to every client (`true`) or none (`false`); default: to every client on a "
        "loopback address outside production, else with a token that has READ or ADMIN and all projects",
    )
    production: bool = Field(
        False,
        description="a token for every caller, introspection and `/schema.graphql` with the scope ADMIN only, errors "
        "without names of the schema, no GraphiQL, no origins by default",
    )
    graphiql: bool | None = Field(
        None,
        description="serve GraphiQL at `GET /graphql`; a token is entered under `Headers`; default: outside production",
    )
    log_format: Annotated[Literal["auto", "text", "json"], BeforeValidator(_lower)] = Field(
        "auto", description="`text` for people, `json` for programs; `auto` is text in a terminal, else JSON"
    )
    log_level: Annotated[Literal["debug", "info", "warning", "error", "critical"], BeforeValidator(_lower)] = Field(
        "info",
        description="`debug`, `info`, `warning`, `error`, `critical`; no level logs credentials or client input",
    )
    limits: Annotated[Limits, NoDecode, BeforeValidator(_check_limit_names), AfterValidator(_check_limits_positive)] = (
        Field(Limits(), description="limits of one request: `LIMITS__DEPTH`, `LIMITS__COST`, …")
    )

    @field_validator("cors_credentials")
    @classmethod
    def _reject_wildcard_credentials(cls, value: bool, info: ValidationInfo) -> bool:
        if value and "*" in info.data.get("allowed_origins", ()):
            raise ValueError("credentials need explicit origins: ALLOWED_ORIGINS must not be *")
        return value

    @cached_property
    def is_loopback(self) -> bool:
        """Whether only programs on this machine can reach the server."""
        return is_loopback_address(self.host)

    @cached_property
    def served_hosts(self) -> tuple[str, ...]:
        """Host names the server answers to; empty: any well-formed name."""
        return self.allowed_hosts or (LOOPBACK_HOSTS if self.is_loopback else ())

    @cached_property
    def origins(self) -> AllowedOrigins:
        """Origins whose pages may use the server."""
        return AllowedOrigins(self.allowed_origins, allow_loopback=self.is_open and not self.allowed_origins)

    @cached_property
    def is_local(self) -> bool:
        """Whether all clients are programs on this machine, and no proxy that brings others."""
        return self.is_loopback and not self.production and not self.trusted_proxies

    def limit_of(self, value: float | None, default: float) -> float | None:
        """Return a limit by its setting; None: unlimited."""
        if value is None:
            return None if self.is_local else default
        return value or None

    @property
    def is_open(self) -> bool:
        """Whether only programs on this machine can reach the server, and it serves development."""
        return self.is_loopback and not self.production

    @property
    def serves_graphiql(self) -> bool:
        return not self.production if self.graphiql is None else self.graphiql
