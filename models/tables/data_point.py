"""The data points of FIELD sessions."""

from typing import TYPE_CHECKING, Any

from sqlalchemy import LargeBinary, Text
from sqlmodel import Field

from models.tables.columns import TableModel, row_class, session_key


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


if TYPE_CHECKING:

    class DataPoint(DataPointTable):
        def __init__(self, *columns: Any, **by_name: Any) -> None: ...
else:
    DataPoint = row_class("DataPoint", DataPointTable)
