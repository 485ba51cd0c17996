"""Who is asking."""

import strawberry

from resolvers.access import Caller
from resolvers.context import Context
from schema.enums import Scope
from schema.field_helpers import computed_field


def _scopes(caller: Caller, _context: Context) -> list[Scope]:
    return [scope for scope in Scope if scope in caller.scopes]


def _projects(caller: Caller, _context: Context) -> list[str] | None:
    return None if caller.project_ids is None else sorted(caller.project_ids)


@strawberry.type(description="Who is asking: what the server knows of the caller.")
class Viewer:
    name: str = strawberry.field(description="The caller's name.")
    scopes: list[Scope] = computed_field(_scopes, "What the caller may do.")
    projects: list[strawberry.ID] | None = computed_field(
        _projects, "The ids of the caller's projects; null: all of them."
    )
