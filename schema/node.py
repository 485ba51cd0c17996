"""Relay's types: objects with a global id, and the position of a page in its list."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import strawberry

from models.enums import Kind
from models.tables.rows import Activity, AuditEntry, Project, Session, Token
from resolvers.pagination.keyset import ALL, Selection
from schema.field_helpers import QUERY_WEIGHT, computed_field
from transport.executor.selection import selected_attributes

if TYPE_CHECKING:
    from schema.arguments import Info

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

    page_info: PageInfo = computed_field(
        lambda page, _: page, "Position of this page in the list.", reads=(), shareable=True
    )
    total_count: int = computed_field(
        lambda page, _: page.total_count(),
        "Number of items in the whole list; counted only if selected.",
        reads=["total_count"],
        weight=QUERY_WEIGHT,
        shareable=True,
    )


def selection_of(info: "Info") -> Selection:
    """Return what an operation reads of the connection in a field."""
    page = selected_attributes(info)
    position = selected_attributes(info, "pageInfo")
    edge = selected_attributes(info, "edges")
    node = selected_attributes(info, "edges", "node")
    listed = selected_attributes(info, "nodes")
    if page is None or position is None or edge is None:
        return ALL
    return Selection(
        columns=None if node is None or listed is None else node | listed,
        nodes=not page.isdisjoint(_ROWS),
        cursors="cursor" in edge or not position.isdisjoint(_CURSORS),
        has_next="has_next_page" in position,
        has_previous="has_previous_page" in position,
    )


_ROWS: Final = {"nodes", "edges"}
_CURSORS: Final = {"start_cursor", "end_cursor"}
