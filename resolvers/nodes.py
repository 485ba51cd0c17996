"""Objects of all types by global id."""

import asyncio
from collections.abc import Sequence
from typing import Final, TypeAlias

from models.enums import Scope
from models.ids import ACTIVITY, AUDIT_ENTRY, TOKEN, is_generated_id
from models.tables.rows import Activity, AuditEntry, Project, Session, Token
from resolvers.access import require
from resolvers.audit.service import get_audit_entry
from resolvers.context import Context
from resolvers.errors import BadUserInput
from resolvers.pagination.sorted_list import Columns
from resolvers.projects.service import get_project
from resolvers.sessions.service import get_session
from resolvers.tokens.service import get_token

Node: TypeAlias = Session | Project | Activity | Token | AuditEntry

MAX_IDS: Final = 500


async def get_node(
    context: Context,
    id: str,  # noqa: A002 - the schema's name
    columns: Columns = None,
) -> Node | None:
    """Return an object, a session with some of its columns; None if it does not exist or is in another project.

    Raises:
        Forbidden: the caller lacks the scope to read this type by id.
    """
    # Ids of projects are chosen by callers; they never look like generated ones.
    if not is_generated_id(id):
        return await get_project(context, id)
    if id.startswith(TOKEN):
        return await get_token(context, id)
    if id.startswith(AUDIT_ENTRY):
        return await get_audit_entry(context, id)
    if id.startswith(ACTIVITY):
        require(context.caller, Scope.READ, Scope.WRITE)
        return await context.loaders.activity(id)
    return await get_session(context, id, columns)


async def get_nodes(
    context: Context, ids: Sequence[str], columns: Columns = None
) -> Sequence[Node | BaseException | None]:
    """Return objects in the order of `ids`, with one statement for each type.

    An exception stands for the object that it prevents: the list itself cannot be null, so that raising it would
    discard the other fields of the operation.
    """
    if len(ids) > MAX_IDS:
        return [BadUserInput(f"must have at most {MAX_IDS} items, not {len(ids)}", ("ids",)), *[None] * (len(ids) - 1)]
    return await asyncio.gather(*(get_node(context, id_, columns) for id_ in ids), return_exceptions=True)
