"""Blob store in the cloud: S3 and compatible services, Google Cloud Storage, Azure Blob Storage.

Partial uploads of killed processes are invisible here; the bucket needs a lifecycle rule that removes them (S3:
AbortIncompleteMultipartUpload).
"""

from contextlib import suppress
from datetime import timedelta
from typing import BinaryIO, Final, Self

import obstore
from obstore.exceptions import BaseError
from obstore.store import ObjectStore, from_url

from models.blobstore.base import BlobNotFound, BlobStore, as_unavailable

PART_BYTES: Final = 5 * 1024 * 1024
"""Smallest part of a multipart upload that S3 accepts; smaller blobs are uploaded in one request."""
MAX_CONCURRENT_PARTS: Final = 2
REQUEST_SECONDS: Final = 20
CONNECT_SECONDS: Final = 3
RETRY_SECONDS: Final = 6
"""Time within which a failed request is retried."""


class CloudBlobStore(BlobStore):
    """A bucket, or a prefix in it."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    @classmethod
    def from_url(cls, url: str) -> Self:
        """Open the store of a URL.

        Raises:
            ValueError: the URL or the environment variables of the store are invalid.
        """
        try:
            store = from_url(
                url,
                client_options={
                    "timeout": timedelta(seconds=REQUEST_SECONDS),
                    "connect_timeout": timedelta(seconds=CONNECT_SECONDS),
                    "allow_http": True,  # only where the operator writes an endpoint with http://
                },
                retry_config={"max_retries": 3, "retry_timeout": timedelta(seconds=RETRY_SECONDS)},
            )
        except BaseError as error:
            raise ValueError(str(error).partition("\n")[0]) from error
        return cls(store)

    def __repr__(self) -> str:
        return repr(self._store)

    async def put(self, key: str, content: BinaryIO, size: int) -> None:  # noqa: ARG002 - only the interface needs it
        with content, as_unavailable(BaseError):
            await obstore.put_async(
                self._store, key, content, chunk_size=PART_BYTES, max_concurrency=MAX_CONCURRENT_PARTS
            )

    async def exists(self, key: str, size: int) -> bool:
        with as_unavailable(BaseError):
            try:
                return (await obstore.head_async(self._store, key))["size"] == size
            except FileNotFoundError:
                return False

    async def read(self, key: str, start: int, stop: int) -> bytes:
        with as_unavailable(BaseError):
            try:
                return (await obstore.get_range_async(self._store, key, start=start, end=stop)).to_bytes()
            except FileNotFoundError as error:
                raise BlobNotFound(key) from error

    async def delete(self, key: str) -> None:
        with as_unavailable(BaseError), suppress(FileNotFoundError):
            await obstore.delete_async(self._store, key)

    async def sizes(self) -> dict[str, int]:
        with as_unavailable(BaseError):
            return {item["path"]: item["size"] async for items in obstore.list(self._store) for item in items}
