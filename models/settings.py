"""Settings of the services: the storage, and the tokens of an identity provider."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, Field, SecretStr

from models.blobstore import BlobStore, open_blob_store
from models.clock import DAY
from models.database import database_file
from models.jwt_settings import JwtSettings


def _validate_database_url(url: str) -> str:
    database_file(url)
    return url


def _validate_store_url(url: str) -> str:
    open_blob_store(url)
    return url


def _validate_public_url(url: str) -> str:
    if url and not _is_base_url(url):
        raise ValueError("must be a URL such as https://sessions.example.org, without user name, query and fragment")
    return url


def _is_base_url(url: str) -> bool:
    try:
        parts = urlsplit(url)
        has_valid_port = parts.port != 0
    except ValueError:
        return False
    is_plain = url.isascii() and url.isprintable() and not set(url) & set(' \\@?#"<>')
    return has_valid_port and is_plain and parts.scheme in ("http", "https") and bool(parts.hostname)


class StorageSettings(BaseModel):
    """Settings of the storage. Descriptions are printed in docs/configuration.md."""

    database_url: Annotated[str, AfterValidator(_validate_database_url)] = Field(
        "sessions.db", description="SQLite file: a path, or `sqlite:///path`"
    )
    store_url: Annotated[str, AfterValidator(_validate_store_url)] | None = Field(
        None,
        description="where files of FIELD sessions are kept: a folder, or `s3://bucket/prefix`, `gs://…`, `az://…`; "
        "default: the folder `sessions.db.files` beside the database",
    )
    signing_key: Annotated[SecretStr, Field(min_length=32)] | None = Field(
        None,
        description="key that signs file URLs, at least 32 characters; default: generated, and kept in the database",
    )
    public_url: Annotated[str, AfterValidator(_validate_public_url)] = Field(
        "",
        description="URL under which clients reach this server, such as `https://sessions.example.org`; "
        "default: file URLs are paths",
    )
    # ServerLiveness would take longer gaps for downtime and extend every deadline: nothing would expire.
    sweep_interval: Annotated[float, Field(gt=0, le=2.5)] = Field(
        1.0, description="seconds between two runs of the sweeper, at most 2.5"
    )
    retention_days: Annotated[float, Field(gt=0, le=36_500)] | None = Field(
        None, description="delete sessions that ended this many days ago, at most 36500; default: never"
    )

    @property
    def retention_ms(self) -> int | None:
        """How long ended sessions are kept; None: for ever."""
        return None if self.retention_days is None else int(self.retention_days * DAY)

    def blob_store(self) -> BlobStore:
        """Open the configured blob store, by default a folder beside the database."""
        file = database_file(self.database_url)
        return open_blob_store(self.store_url or str(file.with_name(f"{file.name}.files")))


class ServiceSettings(StorageSettings, JwtSettings):
    """Settings of all services."""
