"""Reading projects."""

from sqlalchemy import select

from models.enums import Scope
from models.tables import project
from models.tables.project import Project
from resolvers.access import require
from resolvers.context import Context
from resolvers.filters import project_condition
from resolvers.pagination import cursors
from resolvers.pagination.keyset import Page, PageArgs, PagedQuery, SortKey, read_page


async def get_project(context: Context, id: str) -> Project | None:  # noqa: A002 - the word of the schema
    """The project of that id; null where there is none, or not for this caller."""
    return await context.loaders.project(id) if id.isascii() else None


async def list_projects(context: Context, page: PageArgs) -> Page[Project]:
    """A page of the caller's projects, by id.

    Args:
        context: who asks.
        page: see `resolvers.pagination.page.window`.

    Raises:
        Forbidden: the caller has neither READ nor ADMIN.
        BadUserInput: an argument is not allowed; a cursor is not of this list.
    """
    require(context.caller, Scope.READ, Scope.ADMIN)
    query = PagedQuery(
        list_id=cursors.fingerprint("projects"),
        rows=select(project).where(project_condition(context.caller, project.c.id)),
        from_row=Project,
        keys=[SortKey(project.c.id, lambda found: found.id, str)],
    )
    return await read_page(context.database, query, page)
