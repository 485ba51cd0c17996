"""Whatever has an id, by that id alone."""

import asyncio
from collections.abc import Sequence
from typing import Final, TypeAlias

from models.enums import Scope
from models.ids import ACTIVITY, is_generated_id
from models.tables.activity import Activity
from models.tables.project import Project
from models.tables.session import Session
from resolvers.access import require
from resolvers.context import Context
from resolvers.errors import BadUserInput
from resolvers.projects.reading import get_project
from resolvers.sessions.service import get_session

Node: TypeAlias = Session | Project | Activity

MAX_IDS: Final = 500


async def get_node(context: Context, id: str) -> Node | None:  # noqa: A002 - the word of the schema
    """The session, activity or project of that id; null where there is none, or not for this caller.

    Raises:
        Forbidden: the caller lacks the scope to read such a thing by its id.
    """
    if not is_generated_id(id):
        return await get_project(context, id)
    if id.startswith(ACTIVITY):
        require(context.caller, Scope.READ, Scope.WRITE)
        return await context.loaders.activity(id)
    return await get_session(context, id)


async def get_nodes(context: Context, ids: Sequence[str]) -> list[Node | None]:
    """The things of these ids, in their order: one statement for each sort of thing.

    Raises:
        BadUserInput: there are more than 500.
        Forbidden: the caller lacks the scope to read one of them by its id.
    """
    if len(ids) > MAX_IDS:
        raise BadUserInput(f"ids takes at most {MAX_IDS} values, not {len(ids)}")
    return await asyncio.gather(*(get_node(context, id_) for id_ in ids))
