"""Reading projects."""

from models.tables.project import Project
from resolvers.context import Context
from resolvers.pages import Page, PageArgs


async def get_project(context: Context, id: str) -> Project | None:  # noqa: A002 - the word of the schema
    """The project of that id; null where there is none, or not for this caller."""
    raise NotImplementedError


async def list_projects(context: Context, page: PageArgs) -> Page[Project]:
    """A page of the caller's projects, by id."""
    raise NotImplementedError
