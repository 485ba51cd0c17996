"""Rows of the audit log."""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Final, cast

from sqlalchemy import select

from models.database import Transaction
from models.tables import audit_entry
from models.tables.rows import AuditEntry
from resolvers.access import Caller
from resolvers.filters import project_condition
from resolvers.pagination import cursors
from resolvers.pagination.keyset import PagedQuery
from resolvers.pagination.sorted_list import SortedList, SortKey

_POSITION: Final = frozenset({"position"})
_FILTER_COLUMNS: Final = {
    "actions": audit_entry.c.action,
    "actor_ids": audit_entry.c.actor_id,
    "target_ids": audit_entry.c.target_id,
}


def audit_log_query(caller: Caller, filter: Mapping[str, Sequence[str]]) -> PagedQuery[AuditEntry]:  # noqa: A002 - the schema's name
    """List the entries of the caller's projects, the newest first; those of no single project need access to all."""
    conditions = [column.in_(filter[name]) for name, column in _FILTER_COLUMNS.items() if name in filter]
    source = SortedList(
        rows=select(audit_entry).where(project_condition(caller, audit_entry.c.project_id), *conditions),
        row_class=AuditEntry,
        keys=[SortKey(audit_entry.c.position, lambda entry, _: cast("int", entry.position), _POSITION, int, True)],
    )
    return PagedQuery(source, partial(cursors.fingerprint, "auditLog", filter))


def find_entry(tx: Transaction, caller: Caller, entry_id: str) -> AuditEntry | None:
    in_scope = project_condition(caller, audit_entry.c.project_id)
    row = tx.execute(select(audit_entry).where(in_scope, audit_entry.c.id == entry_id)).one_or_none()
    return None if row is None else AuditEntry(*row)


def append_entries(tx: Transaction, entries: Iterable[AuditEntry]) -> None:
    columns = [column.name for column in audit_entry.columns if column.name != "position"]
    rows: list[dict[str, Any]] = [{name: getattr(entry, name) for name in columns} for entry in entries]
    if rows:
        tx.execute(audit_entry.insert(), rows)
