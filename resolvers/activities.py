"""Reading the log: of all sessions that a filter names, and of one."""

from collections.abc import Mapping, Sequence
from typing import Any

from models.tables.activity import Activity
from resolvers.context import Context
from resolvers.pages import Page, PageArgs


async def list_activities(
    context: Context,
    *,
    filter: Mapping[str, Any] | None,  # noqa: A002 - the word of the schema
    types: Sequence[str] | None,
    page: PageArgs,
) -> Page[Activity]:
    """A page of the log, oldest first."""
    raise NotImplementedError


async def session_activities(
    context: Context,
    session_id: str,
    *,
    types: Sequence[str] | None,
    page: PageArgs,
) -> Page[Activity]:
    """A page of one session's timeline, oldest first."""
    raise NotImplementedError


async def activity_cursor(context: Context, activity: Activity) -> str:
    """The place of an activity in the log, good for every list of activities of this database."""
    raise NotImplementedError
