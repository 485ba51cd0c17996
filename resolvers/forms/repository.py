"""Loading and saving of data points."""

from collections.abc import Mapping, Sequence

from sqlalchemy import bindparam, select

from models.database import Transaction
from models.dialect import upsert
from models.tables import attachment, data_point
from resolvers.blobs.repository import pin, release
from resolvers.forms.data_points import FormState, PointPosition


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


def save_forms(tx: Transaction, forms: Sequence[FormState]) -> None:
    """Save pending data points.

    Raises:
        LeaseExpired: the blob of an attachment was collected.
    """
    replaced = [(form.session_id, name) for form in forms for name in form.replaced_files]
    points = [(form.session_id, point) for form in forms for point in form.pending.values()]
    files = [(session_id, point.fields.name, point.file) for session_id, point in points if point.file is not None]
    if replaced:
        _detach_files(tx, replaced)
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
        overwrite = ("size", "value", "raw_data")
        tx.execute(upsert(tx, data_point, key=("session_id", "name"), overwrite=overwrite), values)
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


def _detach_files(tx: Transaction, points: Sequence[tuple[str, str]]) -> None:
    parameters: list[Mapping[str, str]] = [{"of_session": session_id, "of_name": name} for session_id, name in points]
    matches = (attachment.c.session_id == bindparam("of_session")) & (attachment.c.name == bindparam("of_name"))
    release(tx, select(attachment.c.file_key).where(matches), parameters)
    tx.execute(attachment.delete().where(matches), parameters)
