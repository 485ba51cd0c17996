"""Data points as they are read: what they are first, and what is in the large ones only where that is selected.

A form may hold 500 MiB. One operation reads at most `MAX_POINTS` data points, and at most `MAX_BYTES` of what is in
large ones: who wants more names the points, or asks again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from sqlalchemy import case, func, select
from sqlalchemy.engine import Connection

from models.dialect import in_keys
from models.tables import attachment, blob, data_point, session
from resolvers.access import Caller
from resolvers.errors import DomainError
from resolvers.filters import project_condition

MAX_POINTS: Final = 10_000
MAX_BYTES: Final = 16 * 1024 * 1024

INLINE_BYTES: Final = 1024
"""Bytes of text up to which it is read along with the point."""


class ReadBudgetExceeded(DomainError):
    """An operation asks for more of forms than is read at once."""

    code = "QUERY_TOO_COMPLEX"


@dataclass(slots=True)
class ReadBudget:
    """What an operation may still read."""

    points: int = MAX_POINTS
    bytes: int = MAX_BYTES

    def spend_points(self, count: int) -> None:
        """Count data points. Raises TooMuchData."""
        self.points -= count
        if self.points < 0:
            raise ReadBudgetExceeded(
                f"these forms have more than {MAX_POINTS:,} data points; ask for fewer sessions, or name the points"
            )

    def spend_bytes(self, count: int) -> None:
        """Count contents. Raises TooMuchData."""
        self.bytes -= count
        if self.bytes < 0:
            raise ReadBudgetExceeded(
                f"these data points hold more than {MAX_BYTES:,} bytes; ask for fewer sessions, or name fewer points"
            )


@dataclass(frozen=True, slots=True)
class AttachedFile:
    """A file as a data point has it."""

    id: str
    filename: str
    content_type: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class DataPointView:
    """A data point without what is large in it."""

    session_id: str
    name: str
    size: int
    inline_text: str | None
    """Its value, if that is short."""
    is_text: bool
    is_raw: bool
    file: AttachedFile | None

    @property
    def value_key(self) -> "ValueKey":
        """What to ask its content by."""
        return ValueKey(self.session_id, self.name, self.size)


class ValueKey(NamedTuple):
    """A content that is to be read."""

    session_id: str
    name: str
    size: int


class DataPointQuery(NamedTuple):
    """The data points of a session that are asked for: those of these names (in lower case), or (null) all."""

    session_id: str
    names: tuple[str, ...] | None


def read_points(
    tx: Connection, caller: Caller, queries: Sequence[DataPointQuery], budget: ReadBudget
) -> list[list[DataPointView]]:
    """The data points of each, in the order of the form; a statement for each list of names, mostly one.

    Raises:
        TooMuchData: there are too many.
    """
    found: dict[DataPointQuery, list[DataPointView]] = {query: [] for query in queries}
    for names in dict.fromkeys(key.names for key in queries):
        session_ids = [key.session_id for key in queries if key.names == names]
        for row in _read_rows(tx, caller, session_ids, names, budget):
            found[DataPointQuery(row.session_id, names)].append(_point_view(row))
    return [found[key] for key in queries]


def _read_rows(
    tx: Connection, caller: Caller, session_ids: list[str], names: tuple[str, ...] | None, budget: ReadBudget
) -> Sequence[Any]:
    point, file = data_point.c, attachment.c
    tables = (
        data_point.join(session, session.c.id == point.session_id)
        .outerjoin(attachment, (file.session_id == point.session_id) & (file.name == point.name))
        .outerjoin(blob, blob.c.key == file.file_key)
    )
    statement = (
        select(
            point.session_id,
            point.name,
            point.size,
            case((point.size <= INLINE_BYTES, point.value)).label("text"),
            func.length(point.raw_data).label("raw_bytes"),  # known without reading them
            file.id,
            file.filename,
            file.content_type,
            blob.c.sha256,
        )
        .select_from(tables)
        .where(project_condition(caller, session.c.project_id), point.session_id.in_(session_ids))
        .order_by(point.position, point.name)
        .limit(budget.points + 1)
    )
    if names is not None:
        statement = statement.where(point.name.in_(names))
    rows = tx.execute(statement).all()
    budget.spend_points(len(rows))
    return rows


def _point_view(row: Any) -> DataPointView:
    file = None if row.id is None else AttachedFile(row.id, row.filename, row.content_type, row.size, row.sha256)
    is_raw = row.raw_bytes is not None
    return DataPointView(row.session_id, row.name, row.size, row.text, file is None and not is_raw, is_raw, file)


def read_values(tx: Connection, caller: Caller, keys: Sequence[ValueKey], column: str, budget: ReadBudget) -> list[Any]:
    """What is in the column `value` or `raw_data` of data points that were read before; null where they are gone.

    Raises:
        TooMuchData: it is too much.
    """
    budget.spend_bytes(sum(content.size for content in keys))
    point = data_point.c
    pairs = [(key.session_id, key.name) for key in keys]
    statement = (
        select(point.session_id, point.name, point[column])
        .join(session, session.c.id == point.session_id)
        .where(project_condition(caller, session.c.project_id), in_keys((point.session_id, point.name), pairs))
    )
    found = {(session_id, name): value for session_id, name, value in tx.execute(statement)}
    return [found.get(each) for each in pairs]
