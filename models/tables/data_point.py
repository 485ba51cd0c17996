"""The data points of FIELD sessions."""

from sqlalchemy import LargeBinary, Text
from sqlmodel import Field

from models.tables.columns import TableModel, session_key
from models.tables.rows import DataPoint as DataPoint  # noqa: PLC0414 - re-exported


class DataPointTable(TableModel, table=True):
    """One answer of a form: text, bytes, or a file, which `attachment` tells of."""

    __tablename__ = "data_point"

    session_id: str = session_key()
    name: str = Field(sa_type=Text, primary_key=True)
    """In lower case."""
    position: int
    """Its place in the form."""
    size: int
    """Of the text (in UTF-8), the bytes or the file, in bytes: known without reading them."""
    value: str | None = Field(sa_type=Text)
    raw_data: bytes | None = Field(sa_type=LargeBinary)
