"""Covering indexes of ended sessions for series, and for statistics by subject, client system, guide and media."""

from alembic import op

from models.migrations.operations import create_partial_index

revision = "0007"
down_revision = "0006"

_COVERED = ["end_reason", "final_visible_ms", "started_at", "ended_at", "final_seen_at"]


def upgrade() -> None:
    for name in ("ix_session_ended", "ix_session_past_subject"):
        op.drop_index(name, "session")
    started = ["started_at", "ended_at", "kind", "end_reason", "project_id", "final_seen_at"]
    create_partial_index("ix_session_past_started", "session", started, "end_reason IS NOT NULL")
    ended = ["ended_at", "started_at", "kind", "end_reason", "project_id", "final_seen_at"]
    create_partial_index("ix_session_ended", "session", ended, "ended_at IS NOT NULL")
    for name, columns, condition in (
        ("subject", ["subject"], ""),
        ("client", ["client_system", "language"], "client_system IS NOT NULL AND "),
        ("agenda", ["guide", "id"], "guide IS NOT NULL AND "),
        ("media", ["media_id", "channel", "content_type"], "media_id IS NOT NULL AND "),
    ):
        create_partial_index(
            f"ix_session_past_{name}",
            "session",
            [*columns, "kind", "project_id", *_COVERED],
            f"{condition}end_reason IS NOT NULL",
        )
