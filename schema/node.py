"""Relay's types: objects with a global id, and the position of a page in its list."""

from collections.abc import Callable
from typing import Any, Final

import strawberry

from models.enums import Kind
from models.tables.rows import Activity, AuditEntry, Project, Session, Token
from schema.field_helpers import QUERY_WEIGHT, computed_field

SESSION_TYPE_NAMES: Final = {kind.value: f"{kind.capitalize()}Session" for kind in Kind}
_OTHER_TYPE_NAMES: Final[dict[type[Any], str]] = {row: row.__name__ for row in (Activity, AuditEntry, Project, Token)}


@strawberry.interface(description="An object that can be fetched by its id alone.")
class Node:
    id: strawberry.ID = strawberry.field(description="Globally unique id.")


def session_type_name(row: Any) -> str:
    return SESSION_TYPE_NAMES[row.kind]


def node_type_name(row: Any) -> str:
    # All kinds share one row class.
    return session_type_name(row) if isinstance(row, Session) else _OTHER_TYPE_NAMES[type(row)]


INTERFACE_TYPE_NAMES: Final[dict[str, Callable[[Any], str]]] = {"Node": node_type_name, "Session": session_type_name}
"""Functions that return the concrete type of a value, by the names of interfaces."""


@strawberry.type(description="Position of a page in its list.")
class PageInfo:
    has_next_page: bool = strawberry.field(description="Whether there are more items after this page.")
    has_previous_page: bool = strawberry.field(description="Whether there are more items before this page.")
    start_cursor: str | None = strawberry.field(description="Cursor of the first edge; null on an empty page.")
    end_cursor: str | None = strawberry.field(description="Cursor of the last edge; null on an empty page.")


@strawberry.type
class Connection:
    """Fields of all connections; not a type of the schema."""

    page_info: PageInfo = computed_field(lambda page, _: page, "Position of this page in the list.", shareable=True)
    total_count: int = computed_field(
        lambda page, _: page.total_count(),
        "Number of items in the whole list; counted only if selected.",
        reads=["total_count"],
        weight=QUERY_WEIGHT,
        shareable=True,
    )
