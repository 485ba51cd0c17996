"""Loading and saving of data points."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, TypeAlias

from sqlalchemy import bindparam, select

from models.database import Statement, Transaction
from models.dialect import upsert
from models.tables import attachment, data_point
from resolvers.blobs.repository import pin, release
from resolvers.forms.data_points import FormState, PointPosition

PointKey: TypeAlias = tuple[str, str]
"""Session id and name."""


def load_forms(tx: Transaction, session_ids: Sequence[str]) -> dict[str, FormState]:
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


@cache
def _save_points(dialect: str) -> Statement[Any]:
    overwrite = ("position", "size", "value", "raw_data")  # a point that exists keeps its position: see `FormState`
    return Statement(upsert(dialect, data_point, key=("session_id", "name"), overwrite=overwrite))


def save_forms(tx: Transaction, forms: Sequence[FormState]) -> None:
    """Delete removed data points and save pending ones.

    Raises:
        LeaseExpired: the blob of an attachment was collected.
    """
    detached = [(form.session_id, name) for form in forms for name in form.detached_files]
    removed = [(form.session_id, name) for form in forms for name in form.removed]
    points = [(form.session_id, point) for form in forms for point in form.pending.values()]
    files = [(session_id, point.fields.name, point.file) for session_id, point in points if point.file is not None]
    if detached:
        _detach_files(tx, detached)
    if removed:
        _delete_points(tx, removed)
    if points:
        values = [
            {
                "session_id": session_id,
                "name": point.fields.name,
                "position": point.position,
                "size": point.fields.size,
                "value": point.fields.value,
                "raw_data": point.fields.raw_data,
            }
            for session_id, point in points
        ]
        _save_points(tx.dialect.name).execute_many(tx, values)
    if files:
        pin(tx, {file.key for _, _, file in files})
        rows = [
            {
                "id": file.id,
                "session_id": session_id,
                "name": name,
                "filename": file.filename,
                "content_type": file.content_type,
                "file_key": file.key,
            }
            for session_id, name, file in files
        ]
        tx.execute(attachment.insert(), rows)


def _delete_points(tx: Transaction, points: Sequence[PointKey]) -> None:
    matches = (data_point.c.session_id == bindparam("of_session")) & (data_point.c.name == bindparam("of_name"))
    tx.execute(data_point.delete().where(matches), _key_parameters(points))


def _detach_files(tx: Transaction, points: Sequence[PointKey]) -> None:
    parameters = _key_parameters(points)
    matches = (attachment.c.session_id == bindparam("of_session")) & (attachment.c.name == bindparam("of_name"))
    release(tx, select(attachment.c.file_key).where(matches), parameters)
    tx.execute(attachment.delete().where(matches), parameters)


def _key_parameters(points: Sequence[PointKey]) -> list[Mapping[str, str]]:
    return [{"of_session": session_id, "of_name": name} for session_id, name in points]
