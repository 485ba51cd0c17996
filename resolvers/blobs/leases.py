"""Leases on blobs: what protects an upload from the garbage collector until an attachment references it."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from models.clock import MINUTE, Instant
from resolvers.errors import DomainError

LEASE_MS: Final = 10 * MINUTE
"""Longer than any operation; an operation that outlives it fails with LeaseExpired."""


class LeaseRequest(NamedTuple):
    now: Instant
    sizes: Mapping[str, int]
    """Of the blobs in bytes, by SHA-256."""


class Lease(NamedTuple):
    sha256: str
    size: int
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
