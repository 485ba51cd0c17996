"""The row of a new session, and what is stored with it."""

from typing import Any

from sqlalchemy.engine import Connection

from models.enums import ActivityType
from models.ids import SESSION, new_id
from models.kinds.agenda import AgendaFields
from models.kinds.base import ProjectDefaults
from models.kinds.field import FieldFields, shown
from models.session_rules import is_scheduled
from models.tables import session
from models.tables.project import Project
from models.tables.session import Session
from resolvers.forms.data_points import Form, write_forms
from resolvers.lifecycle.repository import record, store_tracks
from resolvers.lifecycle.start_input import Start
from resolvers.lifecycle.unit_of_work import Draft, schedule, settle


def bear(tx: Connection, start: Start, project: Project) -> Session:
    """Store a new session with its timeline, tracks and data points."""
    s = _row(start, project)
    draft = Draft(s)
    if is_scheduled(s, start.now):
        draft.record(ActivityType.SCHEDULED, start.now)
    schedule(s)
    # What began, or even ended, before it was entered has done so already: the sweeper would find nothing to do.
    settle(draft, start.now)
    s.revision = 1
    tx.execute(session.insert().values({column.name: getattr(s, column.name) for column in session.columns}))
    _store_parts(tx, start, s)
    record(tx, draft.activities)
    return s


def _row(start: Start, project: Project) -> Session:
    defaults = ProjectDefaults(project.geo_listen_enabled, project.default_language, project.timeouts)
    columns: dict[str, Any] = dict.fromkeys(column.name for column in session.columns)
    columns |= {
        "id": new_id(SESSION),
        "kind": start.rules.kind.value,
        "project_id": project.id,
        "external_id": start.common.external_id,
        "previous_id": start.common.previous_id,
        "created_at": start.now,
        "updated_at": start.now,
        "revision": 1,
        "meta": start.common.metadata or {},
        "started_at": start.now,
        "begun": False,
        "last_seen_at": start.now,
        "timeout_seconds": _timeout(start, project),
        "visible": start.common.visible,
        "path": start.common.path or [],
        "visible_ms": 0,
        "path_count": 0,
    }
    columns |= start.rules.place(start.own, project=defaults, now=start.now)
    return Session(**columns)


def _timeout(start: Start, project: Project) -> int | None:
    """The input's, over the project's, over the kind's own."""
    if not start.rules.takes_timeout:
        return None
    own = project.timeouts.get(start.rules.kind, start.rules.default_timeout)
    return own if start.common.timeout_seconds is None else start.common.timeout_seconds


def _store_parts(tx: Connection, start: Start, s: Session) -> None:
    if isinstance(start.own, AgendaFields):
        store_tracks(tx, {s.id: start.own.schedule_tracks})
    if isinstance(start.own, FieldFields):
        form = Form(s.id)
        form.save(shown(start.own.data), start.files)
        write_forms(tx, [form])
