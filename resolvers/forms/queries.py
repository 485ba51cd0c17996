"""Reads of data points, bounded by a budget per operation.

A form may hold 500 MiB, so points are read without their large values; those are read only where they are selected.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from sqlalchemy import case, func, select

from models.database import Transaction
from models.dialect import in_keys, no_index
from models.tables import attachment, blob, data_point, session
from resolvers.access import Caller
from resolvers.errors import DomainError
from resolvers.filters import project_condition

MAX_POINTS: Final = 10_000
MAX_BYTES: Final = 16 * 1024 * 1024

INLINE_BYTES: Final = 1024
"""Texts up to this size are read with their points."""


class ReadBudgetExceeded(DomainError):
    code = "QUERY_TOO_COMPLEX"


@dataclass(slots=True)
class ReadBudget:
    """What one operation may still read. `spend_…` raises ReadBudgetExceeded."""

    points: int = MAX_POINTS
    bytes: int = MAX_BYTES

    def spend_points(self, count: int) -> None:
        self.points -= count
        if self.points < 0:
            raise ReadBudgetExceeded(f"more than {MAX_POINTS:,} data points; select fewer sessions, or points by name")

    def spend_bytes(self, count: int) -> None:
        self.bytes -= count
        if self.bytes < 0:
            raise ReadBudgetExceeded(
                f"more than {MAX_BYTES:,} bytes of values; select fewer sessions, or points by name"
            )


@dataclass(frozen=True, slots=True)
class AttachedFile:
    id: str
    filename: str
    content_type: str
    size: int
    sha256: str


class ValueKey(NamedTuple):
    session_id: str
    name: str
    size: int


@dataclass(frozen=True, slots=True)
class DataPointView:
    """A data point without its large value."""

    session_id: str
    name: str
    size: int
    inline_text: str | None
    """None if the value is longer than `INLINE_BYTES`, or no text."""
    is_text: bool
    is_raw: bool
    file: AttachedFile | None

    @property
    def value_key(self) -> ValueKey:
        return ValueKey(self.session_id, self.name, self.size)


class DataPointQuery(NamedTuple):
    session_id: str
    names: tuple[str, ...] | None
    """In lower case; None: all points."""


def read_points(
    tx: Transaction, caller: Caller, queries: Sequence[DataPointQuery], budget: ReadBudget
) -> list[list[DataPointView]]:
    """Read the points of each query in form order, with one statement per distinct list of names.

    Raises:
        ReadBudgetExceeded: there are too many.
    """
    found: dict[DataPointQuery, list[DataPointView]] = {query: [] for query in queries}
    for names in dict.fromkeys(query.names for query in queries):
        session_ids = [query.session_id for query in queries if query.names == names]
        for row in _read_rows(tx, caller, session_ids, names, budget):
            found[DataPointQuery(row.session_id, names)].append(_view(row))
    return [found[query] for query in queries]


def _read_rows(
    tx: Transaction, caller: Caller, session_ids: list[str], names: tuple[str, ...] | None, budget: ReadBudget
) -> Sequence[Any]:
    point, file = data_point.c, attachment.c
    tables = (
        data_point.join(session, session.c.id == point.session_id)
        .outerjoin(attachment, (file.session_id == point.session_id) & (file.name == point.name))
        .outerjoin(blob, blob.c.key == file.file_key)
    )
    text = case((point.size <= INLINE_BYTES, point.value)).label("text")
    raw_bytes = func.length(point.raw_data).label("raw_bytes")  # SQLite knows the length without reading the value
    statement = (
        select(point.session_id, point.name, point.size, text, raw_bytes)
        .add_columns(file.id, file.filename, file.content_type, blob.c.sha256)
        .select_from(tables)
        .where(project_condition(caller, no_index(session.c.project_id)), point.session_id.in_(session_ids))
        .order_by(point.position, point.name)
        .limit(budget.points + 1)
    )
    if names is not None:
        statement = statement.where(point.name.in_(names))
    rows = tx.execute(statement).all()
    budget.spend_points(len(rows))
    return rows


def _view(row: Any) -> DataPointView:
    file = None if row.id is None else AttachedFile(row.id, row.filename, row.content_type, row.size, row.sha256)
    is_raw = row.raw_bytes is not None
    return DataPointView(row.session_id, row.name, row.size, row.text, file is None and not is_raw, is_raw, file)


def read_values(
    tx: Transaction, caller: Caller, keys: Sequence[ValueKey], column: str, budget: ReadBudget
) -> list[Any]:
    """Read the column `value` or `raw_data` of data points; None for those deleted since they were listed.

    Raises:
        ReadBudgetExceeded: they are too large together.
    """
    budget.spend_bytes(sum(key.size for key in keys))
    point = data_point.c
    points = [(key.session_id, key.name) for key in keys]
    in_scope = project_condition(caller, no_index(session.c.project_id))
    statement = (
        select(point.session_id, point.name, point[column])
        .join(session, session.c.id == point.session_id)
        .where(in_scope, in_keys((point.session_id, point.name), points))
    )
    found = {(session_id, name): value for session_id, name, value in tx.execute(statement)}
    return [found.get(each) for each in points]
