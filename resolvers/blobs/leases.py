"""The rows of contents: claimed, held, let go, condemned, erased. See the top of this package."""

import secrets
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, exists, not_, or_, select, text
from sqlalchemy.engine import Connection

from models.clock import MINUTE, Instant
from models.database import batched
from models.dialect import greatest, insert_or_ignore
from models.tables import attachment, blob
from resolvers.errors import DomainError

LEASE_MS: Final = 10 * MINUTE
"""For how long a claim counts. No operation lives as long; and who does after all is refused, not betrayed."""

GC_BATCH_SIZE: Final = 200
"""Contents in one transaction of the collector."""


# In the words of the indexes: SQLite looks nothing up in one whose condition a statement says otherwise.
_LIVE: Final = text("NOT condemned")
_MAYBE_UNREFERENCED: Final = text("loose")
_IS_REFERENCED: Final[ColumnElement[bool]] = exists().where(attachment.c.file_key == blob.c.key)


class BlobDigest(NamedTuple):
    """What is in a file."""

    sha256: str
    size: int


class LeaseRequest(NamedTuple):
    """The contents that somebody is about to store."""

    now: Instant
    blobs: tuple[BlobDigest, ...]


class Lease(NamedTuple):
    """Where a content goes, and whether this claim is the first: then it is not there yet."""

    blob: BlobDigest
    key: str
    is_new: bool


class GcQuery(NamedTuple):
    """The collector's question: what can go at `now`, but for the contents that this process is storing."""

    now: Instant
    in_flight: frozenset[str]


class LeaseExpired(DomainError):
    """A content was collected before it was held, after its claim had run out; nothing was kept."""

    code = "SERVICE_UNAVAILABLE"

    @property
    def extensions(self) -> dict[str, Any]:
        return {"code": self.code, "retryable": True}


@batched
def acquire(tx: Connection, requests: Sequence[LeaseRequest]) -> list[Mapping[str, Lease]]:
    """Give every content of these claims its key, by SHA-256: the one that it has, or a new one."""
    blobs = {blob.sha256: blob for request in requests for blob in request.blobs}
    new_keys = {sha256: f"{sha256[:2]}/{sha256}.{secrets.token_hex(8)}" for sha256 in blobs}
    lease_until = max(each.now for each in requests) + LEASE_MS
    rows = [
        {
            "key": new_keys[content.sha256],
            "sha256": content.sha256,
            "size": content.size,
            "claimed_until": lease_until,
            "loose": True,
            "condemned": False,
        }
        for content in blobs.values()
    ]
    if rows:
        tx.execute(insert_or_ignore(tx, blob, key=("sha256",), where=_LIVE), rows)
    matches = and_(_LIVE, blob.c.sha256.in_(blobs))
    extended_lease = greatest(blob.c.claimed_until, lease_until)
    tx.execute(blob.update().where(matches).values(claimed_until=extended_lease))
    found = tx.execute(select(blob.c.sha256, blob.c.key).where(matches))
    leases = {sha256: Lease(blobs[sha256], key, key == new_keys[sha256]) for sha256, key in found}
    return [{content.sha256: leases[content.sha256] for content in each.blobs} for each in requests]


def pin(tx: Connection, keys: Collection[str]) -> None:
    """See that contents stay: data points of this transaction have them.

    Raises:
        FilesLost: one of them is being removed, or gone.
    """
    if not keys:
        return
    pinned = blob.update().where(_LIVE, blob.c.key.in_(sorted(keys))).values(loose=False)
    if tx.execute(pinned).rowcount != len(keys):
        raise LeaseExpired("a file could not be kept; repeat the call")


def release(
    tx: Connection, referenced_keys: Select[tuple[str]], parameters: Sequence[Mapping[str, str]] | None = None
) -> None:
    """Have the collector look at contents whose attachments are about to go: `owned` selects their keys."""
    tx.execute(blob.update().where(blob.c.key.in_(referenced_keys)).values(loose=True), parameters)


def mark_deleting(tx: Connection, query: GcQuery) -> list[str]:
    """Contents that nobody has and nobody is about to have, at most `BATCH`, by their keys: from now on they are lost.

    Those that were condemned earlier and are not yet erased are among them.
    """
    is_in_flight = blob.c.sha256.in_(sorted(query.in_flight))
    lease_expired = and_(blob.c.claimed_until <= query.now, not_(is_in_flight))
    candidates = select(blob.c.key).where(_MAYBE_UNREFERENCED, or_(blob.c.condemned, lease_expired))
    keys = tx.execute(candidates.order_by(blob.c.claimed_until).limit(GC_BATCH_SIZE)).scalars().all()
    in_batch = blob.c.key.in_(keys)
    tx.execute(blob.update().where(in_batch, _IS_REFERENCED).values(loose=False))
    tx.execute(blob.update().where(in_batch, not_(_IS_REFERENCED)).values(condemned=True))
    return list(tx.execute(select(blob.c.key).where(in_batch, blob.c.condemned)).scalars())


def delete_rows(tx: Connection, keys: Sequence[str]) -> None:
    """Forget contents that were condemned and are no longer in the store."""
    tx.execute(blob.delete().where(blob.c.condemned, blob.c.key.in_(keys)))
