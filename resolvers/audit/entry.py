"""Entries of the audit log."""

from collections.abc import Mapping
from typing import Any

from models.clock import Instant
from models.enums import AuditAction
from models.ids import AUDIT_ENTRY, new_id
from models.tables.rows import AuditEntry
from resolvers.access import Caller


def new_entry(  # noqa: PLR0913 - one for each column
    caller: Caller,
    now: Instant,
    action: AuditAction,
    details: Mapping[str, Any],
    *,
    target_id: str | None = None,
    project_id: str | None = None,
) -> AuditEntry:
    return AuditEntry(
        position=None,
        id=new_id(AUDIT_ENTRY),
        at=now,
        action=action.value,
        actor_id=caller.id or None,
        actor_name=caller.name,
        target_id=target_id,
        project_id=project_id,
        details=dict(details),
    )
