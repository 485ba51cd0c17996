"""Table of the blobs in the blob store."""

from sqlalchemy import BigInteger, Text
from sqlmodel import Field

from models.clock import Instant
from models.tables.columns import TableModel, instant_column, partial_index


class BlobTable(TableModel, table=True):
    """One blob. Its row exists before it is stored and until it is deleted, so that no blob is ever orphaned."""

    __tablename__ = "stored_file"

    key: str = Field(sa_type=Text, primary_key=True)
    """Key in the blob store; never used again after its deletion."""
    sha256: str = Field(sa_type=Text)
    size: int = Field(sa_type=BigInteger)
    claimed_until: Instant = instant_column()
    """End of the lease of an operation that may store and attach it."""
    loose: bool
    """Whether it may be unreferenced, so that the garbage collector checks it."""
    condemned: bool
    """Whether it is being deleted and must not be attached any more."""

    __table_args__ = (
        partial_index("uq_stored_file_sha256", "sha256", where="NOT condemned", unique=True),
        partial_index("ix_stored_file_loose", "claimed_until", where="loose"),
    )
