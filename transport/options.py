"""What an operator may set of the transport. `main.Settings` reads it from the environment."""

import ipaddress
from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, ValidationInfo, field_validator
from pydantic_settings import NoDecode

from transport.documents.trusted import read_manifest
from transport.origins import AllowedOrigins, validate_origins
from transport.settings import Limits, TransportSettings, TrustMode

LOOPBACK_NAMES = ("localhost", "127.0.0.1", "[::1]")


def _split_list(value: Any) -> Any:
    return tuple(name.strip() for name in value.split(",") if name.strip()) if isinstance(value, str) else value


def _load_manifest(value: Any) -> Any:
    return read_manifest(Path(value)) if isinstance(value, str) else value


def _check_limit_names(value: Any) -> Any:
    unknown = sorted(set(value) - {field.name for field in fields(Limits)}) if isinstance(value, dict) else []
    if unknown:
        raise ValueError(f"there is no limit {unknown[0].upper()}")
    return value


def _check_limits_positive(limits: Limits) -> Limits:
    for name, value in asdict(limits).items():
        if not value > 0:
            raise ValueError(f"{name.upper()} must be greater than 0")
    return limits


class TransportOptions(BaseModel):
    """Where the server listens, to whom, and what it takes."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    insecure: bool = False
    allowed_hosts: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split_list)] = ()
    allowed_origins: Annotated[
        tuple[str, ...], NoDecode, BeforeValidator(_split_list), AfterValidator(validate_origins)
    ] = ()
    sockets_per_address: Annotated[int, Field(ge=1)] | None = None
    cors_credentials: bool = False
    csrf_prevention: bool = True
    uploads: bool = True
    gzip_bytes: Annotated[int, Field(ge=0)] = 1024
    persisted_queries: bool = True
    trusted_documents: Annotated[Mapping[str, str] | None, NoDecode, BeforeValidator(_load_manifest)] = None
    trusted_documents_mode: TrustMode = TrustMode.ENFORCE
    metrics: bool | None = None
    production: bool = False
    log_level: Annotated[str, Field(pattern="^(debug|info|warning|error|critical)$")] = "info"
    limits: Annotated[Limits, BeforeValidator(_check_limit_names), AfterValidator(_check_limits_positive)] = Limits()

    @field_validator("cors_credentials")
    @classmethod
    def _reject_credentials_for_any_origin(cls, value: bool, info: ValidationInfo) -> bool:
        if value and "*" in info.data.get("allowed_origins", ()):
            raise ValueError("credentials cannot be let in from any page: ALLOWED_ORIGINS must not be *")
        return value

    @property
    def is_loopback(self) -> bool:
        """Whether only programs on this machine can reach the server."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host.strip("[]")).is_loopback
        except ValueError:
            return False

    @property
    def exposes_metrics(self) -> bool:
        """Whether anybody who reaches the server may see its figures."""
        return self.is_loopback and not self.production if self.metrics is None else self.metrics

    def transport(self) -> TransportSettings:
        """The part that concerns the transport."""
        return TransportSettings(
            limits=self.limits,
            introspection=not self.production,
            suggestions=not self.production,
            allowed_hosts=self.allowed_hosts or (LOOPBACK_NAMES if self.is_loopback else ()),
            origins=AllowedOrigins(self.allowed_origins, allow_loopback=self.is_loopback and not self.allowed_origins),
            sockets_per_address=self.sockets_per_address or (None if self.is_loopback else 1_000),
            cors_credentials=self.cors_credentials,
            csrf_prevention=self.csrf_prevention,
            uploads=self.uploads,
            gzip_bytes=self.gzip_bytes,
            persisted_queries=self.persisted_queries,
            trusted_documents=self.trusted_documents,
            trusted_documents_mode=self.trusted_documents_mode,
            log_error_messages=self.log_level == "debug",
        )
