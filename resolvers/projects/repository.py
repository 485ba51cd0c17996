"""Rows of projects."""

from functools import partial
from typing import Final

from sqlalchemy import bindparam, select

from models.database import Statement, Transaction, track_changes
from models.tables import project as project_table
from models.tables import session
from models.tables.rows import Project
from resolvers.access import Caller
from resolvers.filters import in_scope, scope_values
from resolvers.pagination import cursors
from resolvers.pagination.keyset import PagedQuery
from resolvers.pagination.sorted_list import SortedList, SortKey


def projects_query(caller: Caller) -> PagedQuery[Project]:
    """List the caller's projects by id."""
    source = _PROJECT_LISTS[caller.project_ids is not None]
    return PagedQuery(source, partial(cursors.fingerprint, "projects"), scope_values(caller))


_PROJECT_LISTS: Final = {
    scoped: SortedList(
        rows=select(project_table).where(in_scope(project_table.c.id, scoped=scoped)),
        row_class=Project,
        keys=[SortKey(project_table.c.id, lambda project, _: project.id, frozenset({"id"}), str)],
    )
    for scoped in (False, True)
}


_BY_ID: Final = Statement(select(project_table).where(project_table.c.id == bindparam("id")), Project)


def find_project(tx: Transaction, caller: Caller, project_id: str) -> Project | None:
    return _BY_ID.first(tx, id=project_id) if caller.can_access(project_id) else None


def insert_project(tx: Transaction, project: Project) -> None:
    track_changes(tx, project_ids=[project.id])
    tx.execute(project_table.insert().values({c.name: getattr(project, c.name) for c in project_table.columns}))


def update_project(tx: Transaction, project: Project) -> None:
    track_changes(tx, project_ids=[project.id])
    columns = {c.name: getattr(project, c.name) for c in project_table.columns if c.name != "id"}
    tx.execute(project_table.update().where(project_table.c.id == project.id).values(columns))


def delete_project(tx: Transaction, project_id: str) -> None:
    track_changes(tx, project_ids=[project_id])
    tx.execute(project_table.delete().where(project_table.c.id == project_id))


def has_sessions(tx: Transaction, project_id: str) -> bool:
    return tx.execute(select(session.c.id).where(session.c.project_id == project_id).limit(1)).first() is not None
