"""Reading the audit log."""

from collections.abc import Mapping, Sequence

from models.enums import Scope
from models.tables.rows import AuditEntry
from resolvers.access import require
from resolvers.audit import repository
from resolvers.context import Context
from resolvers.pagination.keyset import Page, PageArgs, read_page


async def list_audit_log(
    context: Context,
    *,
    filter: Mapping[str, Sequence[str]],  # noqa: A002 - the schema's name
    page: PageArgs,
) -> Page[AuditEntry]:
    """Read a page of the entries of the caller's projects, the newest first.

    Raises:
        Forbidden: the caller lacks ADMIN.
        BadUserInput: a page argument is out of range, or a cursor is of another list.
    """
    require(context.caller, Scope.ADMIN)
    return await read_page(context.database, repository.audit_log_query(context.caller, filter), page)


async def get_audit_entry(context: Context, entry_id: str) -> AuditEntry | None:
    """Find an entry by id; null if there is none for the caller.

    Raises:
        Forbidden: the caller lacks ADMIN.
    """
    require(context.caller, Scope.ADMIN)
    return await context.database.read(repository.find_entry, context.caller, entry_id)
