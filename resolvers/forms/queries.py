"""Data points as they are read: what they are first, and what is in the large ones only where that is selected.

A form may hold 500 MiB. One operation reads at most `MAX_POINTS` data points, and at most `MAX_BYTES` of what is in
large ones: who wants more names the points, or asks again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from sqlalchemy import case, func, select
from sqlalchemy.engine import Connection

from models.dialect import one_of_keys
from models.tables import attachment, data_point, session, stored_file
from resolvers.access import Caller, in_reach
from resolvers.errors import DomainError

MAX_POINTS: Final = 10_000
MAX_BYTES: Final = 16 * 1024 * 1024

SHORT: Final = 1024
"""Bytes of text up to which it is read along with the point."""


class TooMuchData(DomainError):
    """An operation asks for more of forms than is read at once."""

    code = "QUERY_TOO_COMPLEX"


@dataclass(slots=True)
class Budget:
    """What an operation may still read."""

    points: int = MAX_POINTS
    bytes: int = MAX_BYTES

    def take_points(self, count: int) -> None:
        """Count data points. Raises TooMuchData."""
        self.points -= count
        if self.points < 0:
            raise TooMuchData(
                f"these forms have more than {MAX_POINTS:,} data points; ask for fewer sessions, or name the points"
            )

    def take_bytes(self, count: int) -> None:
        """Count contents. Raises TooMuchData."""
        self.bytes -= count
        if self.bytes < 0:
            raise TooMuchData(
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
class ShownPoint:
    """A data point without what is large in it."""

    session_id: str
    name: str
    size: int
    text: str | None
    """Its value, if that is short."""
    is_text: bool
    is_raw: bool
    file: AttachedFile | None

    @property
    def content(self) -> "Content":
        """What to ask its content by."""
        return Content(self.session_id, self.name, self.size)


class Content(NamedTuple):
    """A content that is to be read."""

    session_id: str
    name: str
    size: int


class Wanted(NamedTuple):
    """The data points of a session that are asked for: those of these names (in lower case), or (null) all."""

    session_id: str
    names: tuple[str, ...] | None


def read_points(tx: Connection, caller: Caller, keys: Sequence[Wanted], budget: Budget) -> list[list[ShownPoint]]:
    """The data points of each, in the order of the form; a statement for each list of names, mostly one.

    Raises:
        TooMuchData: there are too many.
    """
    found: dict[Wanted, list[ShownPoint]] = {key: [] for key in keys}
    for names in dict.fromkeys(key.names for key in keys):
        owners = [key.session_id for key in keys if key.names == names]
        for row in _rows(tx, caller, owners, names, budget):
            found[Wanted(row.session_id, names)].append(_point(row))
    return [found[key] for key in keys]


def _rows(
    tx: Connection, caller: Caller, owners: list[str], names: tuple[str, ...] | None, budget: Budget
) -> Sequence[Any]:
    point, file = data_point.c, attachment.c
    tables = (
        data_point.join(session, session.c.id == point.session_id)
        .outerjoin(attachment, (file.session_id == point.session_id) & (file.name == point.name))
        .outerjoin(stored_file, stored_file.c.key == file.file_key)
    )
    statement = (
        select(
            point.session_id,
            point.name,
            point.size,
            case((point.size <= SHORT, point.value)).label("text"),
            func.length(point.raw_data).label("raw_bytes"),  # known without reading them
            file.id,
            file.filename,
            file.content_type,
            stored_file.c.sha256,
        )
        .select_from(tables)
        .where(in_reach(caller, session.c.project_id), point.session_id.in_(owners))
        .order_by(point.position, point.name)
        .limit(budget.points + 1)
    )
    if names is not None:
        statement = statement.where(point.name.in_(names))
    rows = tx.execute(statement).all()
    budget.take_points(len(rows))
    return rows


def _point(row: Any) -> ShownPoint:
    file = None if row.id is None else AttachedFile(row.id, row.filename, row.content_type, row.size, row.sha256)
    is_raw = row.raw_bytes is not None
    return ShownPoint(row.session_id, row.name, row.size, row.text, file is None and not is_raw, is_raw, file)


def read_contents(
    tx: Connection, caller: Caller, column: str, contents: Sequence[Content], budget: Budget
) -> list[Any]:
    """What is in the column `value` or `raw_data` of data points that were read before; null where they are gone.

    Raises:
        TooMuchData: it is too much.
    """
    budget.take_bytes(sum(content.size for content in contents))
    point = data_point.c
    wanted = [(content.session_id, content.name) for content in contents]
    statement = (
        select(point.session_id, point.name, point[column])
        .join(session, session.c.id == point.session_id)
        .where(in_reach(caller, session.c.project_id), one_of_keys((point.session_id, point.name), wanted))
    )
    found = {(session_id, name): value for session_id, name, value in tx.execute(statement)}
    return [found.get(each) for each in wanted]
