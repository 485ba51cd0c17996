"""What an operator may set."""

import ipaddress
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from models.clock import DAY
from models.database import database_file
from transport import Limits, Origins, TransportSettings, TrustMode, checked_origins, read_manifest

LOOPBACK_NAMES = ("localhost", "127.0.0.1", "[::1]")


def _names(value: Any) -> Any:
    return tuple(name.strip() for name in value.split(",") if name.strip()) if isinstance(value, str) else value


def _checked_url(url: str) -> str:
    database_file(url)
    return url


def _manifest(value: Any) -> Any:
    return read_manifest(Path(value)) if isinstance(value, str) else value


class Settings(BaseSettings):
    """What an operator may set: by the environment, under these names in capitals, or by the command line."""

    model_config = SettingsConfigDict(env_nested_delimiter="__", env_ignore_empty=True, extra="ignore")

    database_url: Annotated[str, AfterValidator(_checked_url)] = "sessions.db"
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    insecure: bool = False
    allowed_hosts: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_names)] = ()
    allowed_origins: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_names), AfterValidator(checked_origins)] = ()
    sockets_per_address: Annotated[int, Field(ge=1)] | None = None
    cors_credentials: bool = False
    csrf_prevention: bool = True
    uploads: bool = True
    gzip_bytes: Annotated[int, Field(ge=0)] = 1024
    persisted_queries: bool = True
    trusted_documents: Annotated[Mapping[str, str] | None, NoDecode, BeforeValidator(_manifest)] = None
    trusted_documents_mode: TrustMode = TrustMode.ENFORCE
    metrics: bool | None = None
    production: bool = False
    # Rounds further apart than the tolerance of `resolvers.presence` would each count as an absence: nothing would end.
    sweep_interval: Annotated[float, Field(gt=0, le=2.5)] = 1.0
    retention_days: Annotated[float, Field(gt=0, le=36_500)] | None = None
    log_level: Annotated[str, Field(pattern="^(debug|info|warning|error|critical)$")] = "info"
    limits: Limits = Limits()

    @field_validator("cors_credentials")
    @classmethod
    def _not_for_everybody(cls, value: bool, info: ValidationInfo) -> bool:
        if value and "*" in info.data.get("allowed_origins", ()):
            raise ValueError("credentials cannot be let in from any page: ALLOWED_ORIGINS must not be *")
        return value

    @property
    def is_local(self) -> bool:
        """Whether only programs on this machine can reach the server."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host.strip("[]")).is_loopback
        except ValueError:
            return False

    @property
    def shows_metrics(self) -> bool:
        """Whether anybody who reaches the server may see its figures."""
        return self.is_local and not self.production if self.metrics is None else self.metrics

    @property
    def retention(self) -> int | None:
        """How long ended sessions are kept, in milliseconds; null: for ever."""
        return None if self.retention_days is None else int(self.retention_days * DAY)

    def transport(self) -> TransportSettings:
        """The part that concerns the transport."""
        return TransportSettings(
            limits=self.limits,
            introspection=not self.production,
            suggestions=not self.production,
            allowed_hosts=self.allowed_hosts or (LOOPBACK_NAMES if self.is_local else ()),
            origins=Origins(self.allowed_origins, local=self.is_local and not self.allowed_origins),
            sockets_per_address=self.sockets_per_address or (None if self.is_local else 1_000),
            cors_credentials=self.cors_credentials,
            csrf_prevention=self.csrf_prevention,
            uploads=self.uploads,
            gzip_bytes=self.gzip_bytes,
            persisted_queries=self.persisted_queries,
            trusted_documents=self.trusted_documents,
            trusted_documents_mode=self.trusted_documents_mode,
            log_error_messages=self.log_level == "debug",
        )
