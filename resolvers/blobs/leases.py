"""Leases on blobs: what protects an upload from the garbage collector until an attachment references it."""

from typing import Any, Final, NamedTuple

from models.clock import MINUTE, Instant
from resolvers.errors import DomainError

LEASE_MS: Final = 10 * MINUTE
"""Longer than any operation; an operation that outlives it fails with LeaseExpired."""


class BlobDigest(NamedTuple):
    sha256: str
    size: int


class LeaseRequest(NamedTuple):
    now: Instant
    blobs: tuple[BlobDigest, ...]


class Lease(NamedTuple):
    blob: BlobDigest
    key: str
    """Name of the blob in the store."""
    is_new: bool
    """Whether no earlier lease exists; then the store cannot have the blob."""


class LeaseExpired(DomainError):
    """A blob was collected before an attachment referenced it; nothing was saved."""

    code = "SERVICE_UNAVAILABLE"

    @property
    def extensions(self) -> dict[str, Any]:
        return {"code": self.code, "retryable": True}


class GcQuery(NamedTuple):
    now: Instant
    in_flight: frozenset[str]
    """SHA-256 of the blobs that this process is uploading; they are not collected."""
