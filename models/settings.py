"""What an operator may set of the storage. `main.Settings` reads it from the environment."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, Field, SecretStr

from models.blobstore import BlobStore, open_blob_store
from models.clock import DAY
from models.database import database_file


def _validate_database_url(url: str) -> str:
    database_file(url)
    return url


def _validate_store_url(url: str) -> str:
    open_blob_store(url)
    return url


def _validate_public_url(url: str) -> str:
    parts = urlsplit(url)
    if url and (parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment):
        raise ValueError("must be a URL such as https://sessions.example.org")
    return url


class StorageSettings(BaseModel):
    """Where sessions and their files are kept, for how long, and how files are found."""

    database_url: Annotated[str, AfterValidator(_validate_database_url)] = "sessions.db"
    store_url: Annotated[str, AfterValidator(_validate_store_url)] | None = None
    signing_key: Annotated[SecretStr, Field(min_length=32)] | None = None
    public_url: Annotated[str, AfterValidator(_validate_public_url)] = ""
    # Rounds further apart than `resolvers.server_liveness` tolerates would each count as an absence: nothing would end.
    sweep_interval: Annotated[float, Field(gt=0, le=2.5)] = 1.0
    retention_days: Annotated[float, Field(gt=0, le=36_500)] | None = None

    @property
    def retention_ms(self) -> int | None:
        """How long ended sessions are kept, in milliseconds; null: for ever."""
        return None if self.retention_days is None else int(self.retention_days * DAY)

    def blob_store(self) -> BlobStore:
        """The object store: where nothing else is said, a folder beside the database."""
        file = database_file(self.database_url)
        return open_blob_store(self.store_url or str(file.with_name(f"{file.name}.files")))
