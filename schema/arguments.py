"""Arguments that several fields share, and the type of their `info`."""

from typing import Annotated, TypeAlias

import strawberry

from resolvers.context import Context
from schema.enums import ActivityType
from schema.filters import SessionFilter, SessionOrder

Info: TypeAlias = strawberry.Info[Context, None]

IdArg: TypeAlias = Annotated[strawberry.ID, strawberry.argument(name="id", description="Id of the object.")]
FilterArg: TypeAlias = Annotated[
    SessionFilter | None,
    strawberry.argument(name="filter", description="Which sessions; by default all in the caller's projects."),
]
OwnFilterArg: TypeAlias = Annotated[
    SessionFilter | None, strawberry.argument(name="filter", description="Which of its sessions; by default all.")
]
FirstArg: TypeAlias = Annotated[
    int | None,
    strawberry.argument(
        description="Number of items from the start of the list, 1 to 500; 50 by default, without `last`."
    ),
]
AfterArg: TypeAlias = Annotated[
    str | None, strawberry.argument(description="Cursor of this list: only items after it.")
]
LastArg: TypeAlias = Annotated[
    int | None,
    strawberry.argument(description="Number of items from the end of the list, 1 to 500; not with `first`."),
]
BeforeArg: TypeAlias = Annotated[
    str | None, strawberry.argument(description="Cursor of this list: only items before it.")
]
OffsetArg: TypeAlias = Annotated[
    int | None,
    strawberry.argument(description="Number of items to skip, at most 10,000; not with a cursor."),
]
TypesArg: TypeAlias = Annotated[
    list[ActivityType] | None,
    strawberry.argument(description="Only activities of these types; an empty list matches nothing."),
]
OrderByArg: TypeAlias = Annotated[
    list[SessionOrder] | None,
    strawberry.argument(
        name="orderBy", description="Sort order, each field at most once; by default the latest start first."
    ),
]
