"""Reading projects."""

from sqlalchemy import select

from models.tables import project
from models.tables.project import Project
from models.words import Scope
from resolvers import cursors
from resolvers.access import in_reach, require
from resolvers.context import Context
from resolvers.keyset import Key, Listing, read_page
from resolvers.pages import Page, PageArgs


async def get_project(context: Context, id: str) -> Project | None:  # noqa: A002 - the word of the schema
    """The project of that id; null where there is none, or not for this caller."""
    return await context.loaders.project(id) if id.isascii() else None


async def list_projects(context: Context, page: PageArgs) -> Page[Project]:
    """A page of the caller's projects, by id.

    Args:
        context: who asks.
        page: see `resolvers.pages.window`.

    Raises:
        Forbidden: the caller has neither READ nor ADMIN.
        BadUserInput: an argument is not allowed; a cursor is not of this list.
    """
    require(context.caller, Scope.READ, Scope.ADMIN)
    listing = Listing(
        tag=cursors.tag("projects"),
        rows=select(project).where(in_reach(context.caller, project.c.id)),
        make=Project,
        keys=[Key(project.c.id, lambda found: found.id, str)],
    )
    return await read_page(context.database, listing, page)
