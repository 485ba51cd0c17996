"""SQL of blobs: leases, garbage and downloads."""

import secrets
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, exists, not_, or_, select, text

from models.database import Transaction
from models.database.writer import batched
from models.dialect import greatest, insert_or_ignore
from models.tables import attachment, blob, server
from resolvers.blobs.leases import LEASE_MS, GcQuery, Lease, LeaseExpired, LeaseRequest

GC_BATCH_SIZE: Final = 200
"""Blobs per transaction of the garbage collector."""

# Must match the WHERE text of the partial indexes exactly, or SQLite will not use them.
_LIVE: Final = text("NOT condemned")
_MAYBE_UNREFERENCED: Final = text("loose")
_IS_REFERENCED: Final[ColumnElement[bool]] = exists().where(attachment.c.file_key == blob.c.key)


@batched
def acquire(tx: Transaction, requests: Sequence[LeaseRequest]) -> list[Mapping[str, Lease]]:
    """Lease the blobs of each request, extending leases that exist. Returns the leases by SHA-256."""
    sizes = {sha256: size for request in requests for sha256, size in request.sizes.items()}
    # The random part keeps a content that is uploaded again away from its blob that is being deleted.
    new_keys = {sha256: f"{sha256[:2]}/{sha256}.{secrets.token_hex(8)}" for sha256 in sizes}
    lease_until = max(request.now for request in requests) + LEASE_MS
    rows = [
        {
            "key": new_keys[sha256],
            "sha256": sha256,
            "size": size,
            "claimed_until": lease_until,
            "loose": True,
            "condemned": False,
        }
        for sha256, size in sizes.items()
    ]
    if rows:
        tx.execute(insert_or_ignore(tx, blob, key=("sha256",), where=_LIVE), rows)
    matches = and_(_LIVE, blob.c.sha256.in_(sizes))
    tx.execute(blob.update().where(matches).values(claimed_until=greatest(blob.c.claimed_until, lease_until)))
    found = tx.execute(select(blob.c.sha256, blob.c.key).where(matches))
    leases = {sha256: Lease(sha256, sizes[sha256], key, key == new_keys[sha256]) for sha256, key in found}
    return [{sha256: leases[sha256] for sha256 in request.sizes} for request in requests]


def pin(tx: Transaction, keys: Collection[str]) -> None:
    """Protect blobs that attachments of this transaction reference.

    Raises:
        LeaseExpired: one of them is being deleted, or was.
    """
    pinned = blob.update().where(_LIVE, blob.c.key.in_(sorted(keys))).values(loose=False)
    if tx.execute(pinned).rowcount != len(keys):
        raise LeaseExpired("the upload took longer than its lease; repeat the call")


def release(
    tx: Transaction, referenced_keys: Select[tuple[str]], parameters: Sequence[Mapping[str, str]] | None = None
) -> None:
    """Make the garbage collector check the blobs of attachments that are about to be deleted."""
    tx.execute(blob.update().where(blob.c.key.in_(referenced_keys)).values(loose=True), parameters)


def mark_deleting(tx: Transaction, query: GcQuery) -> list[str]:
    """Mark unreferenced blobs without a valid lease as deleting, at most `GC_BATCH_SIZE`.

    Returns their keys, and those that an interrupted collection marked before.
    """
    is_in_flight = blob.c.sha256.in_(sorted(query.in_flight))
    lease_expired = and_(blob.c.claimed_until <= query.now, not_(is_in_flight))
    candidates = select(blob.c.key).where(_MAYBE_UNREFERENCED, or_(blob.c.condemned, lease_expired))
    keys = tx.execute(candidates.order_by(blob.c.claimed_until).limit(GC_BATCH_SIZE)).scalars().all()
    in_batch = blob.c.key.in_(keys)
    tx.execute(blob.update().where(in_batch, _IS_REFERENCED).values(loose=False))
    tx.execute(blob.update().where(in_batch, not_(_IS_REFERENCED)).values(condemned=True))
    return list(tx.execute(select(blob.c.key).where(in_batch, blob.c.condemned)).scalars())


def delete_rows(tx: Transaction, keys: Sequence[str]) -> None:
    """Delete the rows of blobs that the store no longer has."""
    tx.execute(blob.delete().where(blob.c.condemned, blob.c.key.in_(keys)))


def find_attachment(tx: Transaction, attachment_id: str) -> Any:
    """Find an attachment with its blob's size, SHA-256 and key, or None."""
    columns = (attachment.c.filename, attachment.c.content_type, blob.c.size, blob.c.sha256, blob.c.key)
    statement = select(*columns).join(blob, blob.c.key == attachment.c.file_key).where(attachment.c.id == attachment_id)
    return tx.execute(statement).one_or_none()


def read_signing_key(tx: Transaction) -> str:
    return str(tx.execute(select(server.c.signing_key)).scalar_one())
