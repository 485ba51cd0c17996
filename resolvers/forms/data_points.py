"""Data points of forms: where they stand, what is saved of them, and how that is written."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import bindparam, select
from sqlalchemy.engine import Connection

from models.dialect import upsert
from models.kinds.field import DataPointFields
from models.tables import attachment, data_point
from resolvers.blobs.leases import hold, let_go
from resolvers.forms.attachments import Kept


class Place(NamedTuple):
    """Where a data point stands in its form, and whether its value is a file."""

    position: int
    has_file: bool


class Saved(NamedTuple):
    """A data point that is to be written."""

    position: int
    given: DataPointFields
    file: Kept | None


@dataclass(slots=True)
class Form:
    """The data points of one session while a transaction changes them."""

    session_id: str
    places: dict[str, Place] = field(default_factory=dict)
    """By name; with those that are saved here."""
    saved: dict[str, Saved] = field(default_factory=dict)
    """By name; of two the later."""
    left: set[str] = field(default_factory=set)
    """Those that were a file so far and have another value from now on."""

    def save(self, points: Iterable[DataPointFields], files: Mapping[str, Kept]) -> None:
        """Take data points: those that are there already keep their places, new ones come at the end."""
        after = max((place.position for place in self.places.values()), default=-1) + 1
        for point in points:
            there, file = self.places.get(point.name), files.get(point.name)
            position = after if there is None else there.position
            after = max(after, position + 1)
            if there is not None and there.has_file:
                self.left.add(point.name)
            self.places[point.name] = Place(position, file is not None)
            self.saved[point.name] = Saved(position, point, file)


def read_forms(tx: Connection, session_ids: Sequence[str]) -> dict[str, Form]:
    """What is there of the forms of these sessions, by session."""
    point = data_point.c
    same = (attachment.c.session_id == point.session_id) & (attachment.c.name == point.name)
    rows = tx.execute(
        select(point.session_id, point.name, point.position, attachment.c.id.is_not(None))
        .join_from(data_point, attachment, same, isouter=True)
        .where(point.session_id.in_(session_ids))
    )
    found = {session_id: Form(session_id) for session_id in session_ids}
    for session_id, name, position, has_file in rows:
        found[session_id].places[name] = Place(position, has_file)
    return found


def write_forms(tx: Connection, forms: Sequence[Form]) -> None:
    """Write what was saved.

    Raises:
        FilesLost: a file is not there any more.
    """
    _take_files_from(tx, [(form.session_id, name) for form in forms for name in form.left])
    saved = [(form.session_id, point) for form in forms for point in form.saved.values()]
    files = [(session_id, point.given.name, point.file) for session_id, point in saved if point.file is not None]
    hold(tx, {file.key for _, _, file in files})
    if saved:
        statement = upsert(tx, data_point, key=("session_id", "name"), replaced=("size", "value", "raw_data"))
        tx.execute(statement, [_point(*each) for each in saved])
    if files:
        tx.execute(attachment.insert(), [_attachment(*each) for each in files])


def _take_files_from(tx: Connection, places: Sequence[tuple[str, str]]) -> None:
    if not places:
        return
    values: list[Mapping[str, str]] = [{"of_session": session_id, "of_name": name} for session_id, name in places]
    here = (attachment.c.session_id == bindparam("of_session")) & (attachment.c.name == bindparam("of_name"))
    let_go(tx, select(attachment.c.file_key).where(here), values)
    tx.execute(attachment.delete().where(here), values)


def _point(session_id: str, point: Saved) -> dict[str, Any]:
    given = point.given
    return {
        "session_id": session_id,
        "name": given.name,
        "position": point.position,
        "size": given.size,
        "value": given.value,
        "raw_data": given.raw_data,
    }


def _attachment(session_id: str, name: str, file: Kept) -> dict[str, Any]:
    return {
        "id": file.id,
        "session_id": session_id,
        "name": name,
        "filename": file.filename,
        "content_type": file.content_type,
        "file_key": file.key,
    }
