"""Timeouts of FIELD sessions, which are complete once nothing more is saved."""

import time

import sqlalchemy as sa
from alembic import op

from models import json

revision = "0006"
down_revision = "0005"

DEFAULT_TIMEOUT = 1800

# From the latest of these, so that no form ends early; a server that starts later extends it once more.
_START_TIMEOUT = sa.text(
    "UPDATE session SET timeout_seconds = :seconds, expiry_reason = 'COMPLETED',"
    " expires_at = :now + :seconds * 1000, due_at = :now + :seconds * 1000"
    " WHERE kind = 'FIELD' AND ended_at IS NULL AND timeout_seconds IS NULL AND project_id = :project"
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
    for project, timeouts in tx.execute(sa.text("SELECT id, timeouts FROM project")).all():
        seconds = json.loads(timeouts).get("FIELD", DEFAULT_TIMEOUT)
        tx.execute(_START_TIMEOUT, {"seconds": seconds, "now": now, "project": project})
    tx.execute(_CHANGE_REASON)
