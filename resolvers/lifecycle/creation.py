"""The row of a new session, and what is stored with it."""

from typing import Any

from sqlalchemy.engine import Connection

from models.enums import ActivityType
from models.ids import SESSION, new_id
from models.kinds.agenda import AgendaFields
from models.kinds.base import ProjectDefaults
from models.kinds.field import FormFields, visible_points
from models.session_rules import is_scheduled
from models.tables import session
from models.tables.project import Project
from models.tables.session import Session
from resolvers.forms.data_points import FormState
from resolvers.forms.repository import save_forms
from resolvers.lifecycle.repository import append_activities, insert_tracks
from resolvers.lifecycle.start_input import StartRequest
from resolvers.lifecycle.unit_of_work import SessionUnitOfWork, apply_due, update_deadline


def insert_session(tx: Connection, start: StartRequest, project: Project) -> Session:
    """Store a new session with its timeline, tracks and data points."""
    s = _new_row(start, project)
    uow = SessionUnitOfWork(s)
    if is_scheduled(s, start.now):
        uow.add_activity(ActivityType.SCHEDULED, start.now)
    update_deadline(s)
    # What began, or even ended, before it was entered has done so already: the sweeper would find nothing to do.
    apply_due(uow, start.now)
    s.revision = 1
    tx.execute(session.insert().values({column.name: getattr(s, column.name) for column in session.columns}))
    _insert_related(tx, start, s)
    append_activities(tx, uow.activities)
    return s


def _new_row(start: StartRequest, project: Project) -> Session:
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
    columns |= start.rules.to_columns(start.variant, project=defaults, now=start.now)
    return Session(**columns)


def _timeout(start: StartRequest, project: Project) -> int | None:
    """The input's, over the project's, over the kind's own."""
    if not start.rules.takes_timeout:
        return None
    default = project.timeouts.get(start.rules.kind, start.rules.default_timeout)
    return default if start.common.timeout_seconds is None else start.common.timeout_seconds


def _insert_related(tx: Connection, start: StartRequest, s: Session) -> None:
    if isinstance(start.variant, AgendaFields):
        insert_tracks(tx, {s.id: start.variant.schedule_tracks})
    if isinstance(start.variant, FormFields):
        form = FormState(s.id)
        form.save(visible_points(start.variant.data), start.files)
        save_forms(tx, [form])
