"""What is, or is about to be, in the object store."""

from sqlalchemy import BigInteger, Index, Text, text
from sqlmodel import Field

from models.clock import Instant
from models.tables.columns import TableModel, instant_column


class BlobTable(TableModel, table=True):
    """One content. Its row is there before the content is stored and until it is removed, so none is ever forgotten."""

    __tablename__ = "stored_file"

    key: str = Field(sa_type=Text, primary_key=True)
    """Its name in the object store, which no other content ever has, nor the same one again once it was condemned."""
    sha256: str = Field(sa_type=Text)
    size: int = Field(sa_type=BigInteger)
    claimed_until: Instant = instant_column()
    """Till then somebody may be about to store and to attach it."""
    loose: bool
    """Whether it may be that no attachment has it: then the collector looks."""
    condemned: bool
    """Whether it is being removed: nobody takes it any more."""

    __table_args__ = (
        Index(
            "uq_stored_file_sha256",
            "sha256",
            unique=True,
            sqlite_where=text("NOT condemned"),
            postgresql_where=text("NOT condemned"),
        ),
        Index(
            "ix_stored_file_loose",
            "claimed_until",
            sqlite_where=text("loose"),
            postgresql_where=text("loose"),
        ),
    )
