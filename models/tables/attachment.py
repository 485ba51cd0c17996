"""Table of the files of FIELD sessions."""

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, Text
from sqlmodel import Field

from models.tables.columns import TableModel


class AttachmentTable(TableModel, table=True):
    """File of one data point; its blob may be shared with others."""

    __tablename__ = "attachment"

    id: str = Field(sa_type=Text, primary_key=True)
    session_id: str = Field(sa_type=Text)
    name: str = Field(sa_type=Text)
    """Name of the data point."""
    filename: str = Field(sa_type=Text)
    """Client's name of the file, for display only."""
    content_type: str = Field(sa_type=Text)
    file_key: str = Field(sa_type=Text, sa_column_args=[ForeignKey("stored_file.key")])

    __table_args__ = (
        ForeignKeyConstraint(["session_id", "name"], ["data_point.session_id", "data_point.name"], ondelete="CASCADE"),
        Index("uq_attachment_point", "session_id", "name", unique=True),
        Index("ix_attachment_file", "file_key"),
    )
