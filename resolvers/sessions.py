"""Reading sessions: one by its id, and lists."""

from collections.abc import Mapping, Sequence
from typing import Any

from models.tables.session import Session
from resolvers.context import Context
from resolvers.pages import Page, PageArgs


async def get_session(context: Context, id: str) -> Session | None:  # noqa: A002 - the word of the schema
    """The session of that id; null where there is none, or not for this caller."""
    raise NotImplementedError


async def list_sessions(
    context: Context,
    *,
    filter: Mapping[str, Any] | None,  # noqa: A002 - the word of the schema
    order: Sequence[tuple[str, str]],
    page: PageArgs,
) -> Page[Session]:
    """A page of the sessions that the filter names, in the order given; by default the newest first."""
    raise NotImplementedError
