"""The object store: where files are, each under a key that is never given to another content."""

from pathlib import Path
from typing import Final
from urllib.parse import urlsplit
from urllib.request import url2pathname

from models.blobstore.base import CHUNK_BYTES, BlobNotFound, BlobStore
from models.blobstore.cloud import CloudBlobStore
from models.blobstore.local import LocalBlobStore

CLOUD_SCHEMES: Final = ("s3", "s3a", "gs", "az", "azure", "abfs", "abfss")
"""Schemes of stores on other machines: S3 and what speaks like it, Google Cloud Storage, Azure Blob Storage."""


def open_blob_store(url: str) -> BlobStore:
    """The store that a URL names: a folder (a path, or `file:///path`), or `s3://bucket/prefix` and its like.

    What else a remote store needs (credentials, region, endpoint) it finds in the environment, under the names that
    its own tools use: `AWS_ACCESS_KEY_ID`, `AWS_ENDPOINT_URL` and so on.

    Raises:
        ValueError: it names no store.
    """
    parts = urlsplit(url)
    if "://" not in url and url:
        return LocalBlobStore(Path(url))
    if parts.scheme == "file" and not parts.netloc and parts.path.strip("/"):
        return LocalBlobStore(Path(url2pathname(parts.path)))
    if parts.scheme in CLOUD_SCHEMES:
        return CloudBlobStore.from_url(url)
    raise ValueError("must be a folder, or the URL of an object store such as s3://bucket/prefix")


__all__ = ["CHUNK_BYTES", "BlobNotFound", "BlobStore", "open_blob_store"]
