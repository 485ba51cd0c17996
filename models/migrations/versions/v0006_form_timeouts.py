"""Timeouts of FIELD sessions, which are complete once nothing more is saved."""

import time
from collections import defaultdict

import sqlalchemy as sa
from alembic import op

from models import json

revision = "0006"
down_revision = "0005"

DEFAULT_TIMEOUT = 1800

# Counted from the migration, so that no form ends early; a server that starts later counts from its start.
_START_TIMEOUTS = (
    "UPDATE session SET timeout_seconds = :seconds, expiry_reason = 'COMPLETED',"
    " expires_at = :now + :seconds * 1000, due_at = :now + :seconds * 1000"
    " WHERE kind = 'FIELD' AND ended_at IS NULL AND timeout_seconds IS NULL"
)
_START_TIMEOUTS_OF_PROJECTS = sa.text(_START_TIMEOUTS + " AND project_id IN :projects").bindparams(
    sa.bindparam("projects", expanding=True)
)
# Those that expired while a server was up have ended for that reason.
_CHANGE_REASON = sa.text(
    "UPDATE session SET expiry_reason = 'COMPLETED' WHERE kind = 'FIELD' AND ended_at IS NULL"
    " AND expiry_reason = 'EXPIRED' AND expires_at > (SELECT coalesce(alive_at, 0) FROM server)"
)


def upgrade() -> None:
    tx = op.get_bind()
    alive_at = tx.execute(sa.text("SELECT alive_at FROM server")).scalar_one()
    now = max(time.time_ns() // 1_000_000, alive_at or 0)
    projects: defaultdict[int, list[str]] = defaultdict(list)
    for project, timeouts in tx.execute(sa.text("SELECT id, timeouts FROM project")):
        if (seconds := json.loads(timeouts).get("FIELD")) is not None:
            projects[seconds].append(project)
    for seconds, ids in projects.items():
        tx.execute(_START_TIMEOUTS_OF_PROJECTS, {"seconds": seconds, "now": now, "projects": ids})
    tx.execute(sa.text(_START_TIMEOUTS), {"seconds": DEFAULT_TIMEOUT, "now": now})
    tx.execute(_CHANGE_REASON)
