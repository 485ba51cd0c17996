"""New sessions: the row of a start, with defaults of project and kind."""

from typing import Any

from models.enums import ActivityType
from models.ids import SESSION, new_id
from models.kinds.agenda import AgendaFields
from models.kinds.base import ProjectDefaults
from models.kinds.field import FormFields, visible_points
from models.session_rules import is_scheduled
from models.tables import session
from models.tables.rows import Project, Session
from resolvers.forms.data_points import FormState
from resolvers.lifecycle.start_input import StartRequest
from resolvers.lifecycle.unit_of_work import SessionUnitOfWork


def new_session(request: StartRequest, project: Project) -> SessionUnitOfWork:
    s = _new_row(request, project)
    uow = SessionUnitOfWork(s)
    if is_scheduled(s, request.now):
        uow.add_activity(ActivityType.SCHEDULED, request.now)
    uow.update_deadline()
    # An agenda item may be entered after its start or end: the sweeper would find nothing due.
    uow.apply_due_silently(request.now)
    if isinstance(request.variant, AgendaFields):
        uow.tracks = request.variant.schedule_tracks
    if isinstance(request.variant, FormFields):
        uow.form = FormState(s.id)
        uow.form.save(visible_points(request.variant.data), request.files)
    return uow


def _new_row(request: StartRequest, project: Project) -> Session:
    defaults = ProjectDefaults(project.geo_listen_enabled, project.default_language, project.timeouts)
    columns: dict[str, Any] = dict.fromkeys(column.name for column in session.columns)
    columns |= {
        "id": new_id(SESSION),
        "kind": request.rules.kind.value,
        "project_id": project.id,
        "external_id": request.common.external_id,
        "previous_id": request.common.previous_id,
        "created_at": request.now,
        "updated_at": request.now,
        "revision": 1,
        "meta": request.common.metadata or {},
        "started_at": request.now,
        "begun": False,
        "last_seen_at": request.now,
        "timeout_seconds": _timeout(request, project),
        "visible": request.common.visible,
        "path": request.common.path or [],
        "visible_ms": 0,
        "path_count": 0,
    }
    columns |= request.rules.to_columns(request.variant, project=defaults, now=request.now)
    return Session(**columns)


def _timeout(request: StartRequest, project: Project) -> int | None:
    """Choose the timeout: the input's over the project's over the kind's."""
    rules = request.rules
    if not rules.takes_timeout:
        return None
    if request.common.timeout_seconds is not None:
        return request.common.timeout_seconds
    return project.timeouts.get(rules.kind, rules.default_timeout)
