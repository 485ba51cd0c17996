"""Data points of forms: where they stand, what is saved of them, and how that is written."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import bindparam, select
from sqlalchemy.engine import Connection

from models.dialect import upsert
from models.kinds.field import DataPointFields
from models.tables import attachment, data_point
from resolvers.blobs.leases import pin, release
from resolvers.forms.attachments import StoredAttachment


class PointPosition(NamedTuple):
    """Where a data point stands in its form, and whether its value is a file."""

    position: int
    has_file: bool


class PendingPoint(NamedTuple):
    """A data point that is to be written."""

    position: int
    fields: DataPointFields
    file: StoredAttachment | None


@dataclass(slots=True)
class FormState:
    """The data points of one session while a transaction changes them."""

    session_id: str
    positions: dict[str, PointPosition] = field(default_factory=dict)
    """By name; with those that are saved here."""
    pending: dict[str, PendingPoint] = field(default_factory=dict)
    """By name; of two the later."""
    replaced_files: set[str] = field(default_factory=set)
    """Those that were a file so far and have another value from now on."""

    def save(self, points: Iterable[DataPointFields], files: Mapping[str, StoredAttachment]) -> None:
        """Take data points: those that are there already keep their places, new ones come at the end."""
        next_position = (
            max((existing_position.position for existing_position in self.positions.values()), default=-1) + 1
        )
        for point in points:
            existing, file = self.positions.get(point.name), files.get(point.name)
            position = next_position if existing is None else existing.position
            next_position = max(next_position, position + 1)
            if existing is not None and existing.has_file:
                self.replaced_files.add(point.name)
            self.positions[point.name] = PointPosition(position, file is not None)
            self.pending[point.name] = PendingPoint(position, point, file)


def load_forms(tx: Connection, session_ids: Sequence[str]) -> dict[str, FormState]:
    """What is there of the forms of these sessions, by session."""
    point = data_point.c
    is_attached = (attachment.c.session_id == point.session_id) & (attachment.c.name == point.name)
    rows = tx.execute(
        select(point.session_id, point.name, point.position, attachment.c.id.is_not(None))
        .join_from(data_point, attachment, is_attached, isouter=True)
        .where(point.session_id.in_(session_ids))
    )
    forms = {session_id: FormState(session_id) for session_id in session_ids}
    for session_id, name, position, has_file in rows:
        forms[session_id].positions[name] = PointPosition(position, has_file)
    return forms


def save_forms(tx: Connection, forms: Sequence[FormState]) -> None:
    """Write what was saved.

    Raises:
        FilesLost: a file is not there any more.
    """
    _detach_files(tx, [(form.session_id, name) for form in forms for name in form.replaced_files])
    points = [(form.session_id, point) for form in forms for point in form.pending.values()]
    files = [(session_id, point.fields.name, point.file) for session_id, point in points if point.file is not None]
    pin(tx, {file.key for _, _, file in files})
    if points:
        statement = upsert(tx, data_point, key=("session_id", "name"), overwrite=("size", "value", "raw_data"))
        tx.execute(statement, [_point_values(*each) for each in points])
    if files:
        tx.execute(attachment.insert(), [_attachment_values(*each) for each in files])


def _detach_files(tx: Connection, points: Sequence[tuple[str, str]]) -> None:
    if not points:
        return
    parameters: list[Mapping[str, str]] = [{"of_session": session_id, "of_name": name} for session_id, name in points]
    matches = (attachment.c.session_id == bindparam("of_session")) & (attachment.c.name == bindparam("of_name"))
    release(tx, select(attachment.c.file_key).where(matches), parameters)
    tx.execute(attachment.delete().where(matches), parameters)


def _point_values(session_id: str, point: PendingPoint) -> dict[str, Any]:
    fields = point.fields
    return {
        "session_id": session_id,
        "name": fields.name,
        "position": point.position,
        "size": fields.size,
        "value": fields.value,
        "raw_data": fields.raw_data,
    }


def _attachment_values(session_id: str, name: str, file: StoredAttachment) -> dict[str, Any]:
    return {
        "id": file.id,
        "session_id": session_id,
        "name": name,
        "filename": file.filename,
        "content_type": file.content_type,
        "file_key": file.key,
    }
