"""Blob stores for the files of FIELD sessions."""

from pathlib import Path
from typing import Final
from urllib.parse import urlsplit
from urllib.request import url2pathname

from models.blobstore.base import CHUNK_BYTES, BlobNotFound, BlobStore
from models.blobstore.local import LocalBlobStore

CLOUD_SCHEMES: Final = ("s3", "s3a", "gs", "az", "azure", "abfs", "abfss")
"""URL schemes of S3 and compatible services, Google Cloud Storage, Azure Blob Storage."""


def open_blob_store(url: str) -> BlobStore:
    """Open the store of a URL: a folder (a path, or `file:///path`), or a bucket such as `s3://bucket/prefix`.

    A cloud store takes credentials, region and endpoint from the environment variables of its own tools:
    `AWS_ACCESS_KEY_ID`, `AWS_ENDPOINT_URL` and so on.

    Raises:
        ValueError: it is not the URL of a store.
    """
    parts = urlsplit(url)
    if url and not (parts.scheme and ":/" in url):
        return LocalBlobStore(Path(url))
    if parts.scheme == "file" and not parts.netloc and parts.path.strip("/"):
        return LocalBlobStore(Path(url2pathname(parts.path)))
    if parts.scheme in CLOUD_SCHEMES and parts.netloc:
        from models.blobstore.cloud import CloudBlobStore  # noqa: PLC0415 - of its libraries, a folder needs none

        return CloudBlobStore.from_url(url)
    raise ValueError("must be a folder, or the URL of an object store such as s3://bucket/prefix")


__all__ = ["CHUNK_BYTES", "BlobNotFound", "BlobStore", "LocalBlobStore", "open_blob_store"]
