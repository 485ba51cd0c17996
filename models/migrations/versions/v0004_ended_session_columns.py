"""Final columns of ended sessions and their paths, with covering indexes for statistics and lists."""

from collections.abc import Iterable, Iterator
from itertools import groupby, takewhile
from typing import Any

import sqlalchemy as sa
from alembic import op

from models import json
from models.migrations.operations import create_partial_index

revision = "0004"
down_revision = "0003"

_ENDED = sa.text(
    "SELECT id, project_id, kind FROM session"
    " WHERE ended_at IS NOT NULL AND path_count > 0 AND id > :after ORDER BY id LIMIT 1000"
)
_PATHS = sa.text("SELECT session_id, path FROM path_time WHERE session_id IN :ids ORDER BY session_id").bindparams(
    sa.bindparam("ids", expanding=True)
)
_FILL_PATH = sa.text(
    "UPDATE path_time SET project_id = :project, kind = :kind, shared = :shared, final_ms = visible_ms"
    " WHERE session_id = :id AND path = :path"
)


def upgrade() -> None:
    op.add_column("session", sa.Column("final_elapsed_ms", sa.BigInteger(), nullable=True))
    op.add_column("session", sa.Column("final_visible_ms", sa.BigInteger(), nullable=True))
    op.add_column("path_time", sa.Column("project_id", sa.Text(), nullable=True))
    op.add_column("path_time", sa.Column("kind", sa.Text(), nullable=True))
    op.add_column("path_time", sa.Column("shared", sa.Integer(), nullable=True))
    op.add_column("path_time", sa.Column("final_ms", sa.BigInteger(), nullable=True))
    for name in ("ix_session_started", "ix_session_project_started", "ix_session_ended"):
        op.drop_index(name, "session")
    tx = op.get_bind()
    _fill_sessions(tx)
    _fill_paths(tx)
    op.create_index("ix_session_started", "session", ["started_at", "id", "kind", "project_id"])
    op.create_index("ix_session_project_started", "session", ["project_id", "started_at", "id", "kind"])
    create_partial_index("ix_session_live", "session", ["started_at", "id", "kind", "project_id"], "ended_at IS NULL")
    create_partial_index(
        "ix_session_ended", "session", ["ended_at", "started_at", "kind", "end_reason"], "ended_at IS NOT NULL"
    )
    past = [
        "project_id",
        "kind",
        "end_reason",
        "final_elapsed_ms",
        "final_visible_ms",
        "subject",
        "started_at",
        "ended_at",
    ]
    create_partial_index("ix_session_past", "session", past, "end_reason IS NOT NULL")
    subject = ["subject", "kind", "end_reason", "final_visible_ms"]
    create_partial_index("ix_session_past_subject", "session", subject, "end_reason IS NOT NULL")
    create_partial_index(
        "ix_path_time_past", "path_time", ["project_id", "path", "kind", "shared", "final_ms"], "final_ms IS NOT NULL"
    )


def _fill_sessions(tx: sa.Connection) -> None:
    tx.execute(
        sa.text(
            "UPDATE session SET final_visible_ms = visible_ms, final_elapsed_ms = CASE"
            " WHEN end_reason IN ('STOPPED', 'COMPLETED', 'TERMINATED') AND ended_at > started_at"
            " THEN ended_at - started_at"
            " WHEN end_reason IN ('EXPIRED', 'STALLED') AND last_seen_at > started_at"
            " THEN last_seen_at - started_at"
            " ELSE 0 END WHERE ended_at IS NOT NULL"
        )
    )


def _fill_paths(tx: sa.Connection) -> None:
    batch = tx.execute(_ENDED, {"after": ""}).all()
    while batch:
        sessions = {row.id: row for row in batch}
        paths = tx.execute(_PATHS, {"ids": list(sessions)}).all()
        if rows := [
            row for id_, own in groupby(paths, lambda path: path.session_id) for row in _path_rows(sessions[id_], own)
        ]:
            tx.execute(_FILL_PATH, rows)
        batch = tx.execute(_ENDED, {"after": batch[-1].id}).all()


def _path_rows(session: Any, paths: Iterable[Any]) -> Iterator[dict[str, Any]]:
    """Yield the parameters of `_FILL_PATH` for the paths of one session, in order of their segments."""
    previous: list[str] = []
    for segments, text in sorted((json.loads(row.path), row.path) for row in paths):
        common = takewhile(lambda pair: pair[0] == pair[1], zip(previous, segments, strict=False))
        shared = sum(1 for _ in common)
        yield {"id": session.id, "path": text, "project": session.project_id, "kind": session.kind, "shared": shared}
        previous = segments
