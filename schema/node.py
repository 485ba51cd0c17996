"""Whatever has an id of its own."""

from typing import Any, Final

import strawberry

from models.enums import Kind
from models.tables.activity import Activity
from models.tables.project import Project
from models.tables.session import Session

SESSION_TYPE_NAMES: Final = {kind.value: f"{kind.capitalize()}Session" for kind in Kind}
"""The name of the type of each kind of session."""

_OTHER_TYPE_NAMES: Final[dict[type[Any], str]] = {Activity: "Activity", Project: "Project"}


@strawberry.interface(description="Whatever can be fetched by its id alone.")
class Node:
    id: strawberry.ID = strawberry.field(description="Its id, unique among all things of this server.")

    @classmethod
    def resolve_type(cls, row: Any, *_: object) -> str:
        """The name of the GraphQL type of a row."""
        return SESSION_TYPE_NAMES[row.kind] if isinstance(row, Session) else _OTHER_TYPE_NAMES[type(row)]
