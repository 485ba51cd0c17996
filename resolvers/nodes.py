"""Whatever has an id, by that id alone."""

from collections.abc import Sequence
from typing import TypeAlias

from models.tables.activity import Activity
from models.tables.project import Project
from models.tables.session import Session
from resolvers.context import Context

Node: TypeAlias = Session | Project | Activity


async def get_node(context: Context, id: str) -> Node | None:  # noqa: A002 - the word of the schema
    """The session, activity or project of that id; null where there is none, or not for this caller."""
    raise NotImplementedError


async def get_nodes(context: Context, ids: Sequence[str]) -> list[Node | None]:
    """The things of these ids, in their order; at most 500."""
    raise NotImplementedError
