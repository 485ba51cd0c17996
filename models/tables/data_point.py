"""Table of the data points of FIELD sessions."""

from sqlalchemy import LargeBinary, Text
from sqlmodel import Field

from models.tables.columns import TableModel, session_key


class DataPointTable(TableModel, table=True):
    """One data point: text, bytes, or a file, which has a row in `attachment`."""

    __tablename__ = "data_point"

    session_id: str = session_key()
    name: str = Field(sa_type=Text, primary_key=True)
    """Lower case."""
    position: int
    """Position in the form."""
    size: int
    """Bytes of the text (in UTF-8), the binary value or the file."""
    value: str | None = Field(sa_type=Text)
    raw_data: bytes | None = Field(sa_type=LargeBinary)
