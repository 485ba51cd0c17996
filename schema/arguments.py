"""Arguments that several fields share, and the type of their `info`."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import strawberry

from resolvers.context import Context
from schema.enums import ActivityType
from schema.filters import SessionFilter, SessionOrder

if TYPE_CHECKING:
    from graphql import GraphQLResolveInfo

    # What graphql-core passes; strawberry recognises the parameter by a type of its own.
    Info: TypeAlias = GraphQLResolveInfo[Context]
else:
    Info = strawberry.Info

Values: TypeAlias = Mapping[str, Any]
"""An input as graphql-core coerced it: what the client sent, and defaults, by Python names."""

IdArg: TypeAlias = Annotated[strawberry.ID, strawberry.argument(name="id", description="Id of the object.")]
FilterArg: TypeAlias = Annotated[
    Values | None,
    strawberry.argument(
        name="filter",
        description="Which sessions; by default all in the caller's projects.",
        graphql_type=SessionFilter | None,
    ),
]
OwnFilterArg: TypeAlias = Annotated[
    Values | None,
    strawberry.argument(
        name="filter", description="Which of its sessions; by default all.", graphql_type=SessionFilter | None
    ),
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
    list[Values] | None,
    strawberry.argument(
        name="orderBy",
        description="Sort order, each field at most once; by default the latest start first.",
        graphql_type=list[SessionOrder] | None,
    ),
]
