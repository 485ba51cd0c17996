"""What several fields share: the context, and arguments with one meaning everywhere."""

from typing import Annotated, TypeAlias

import strawberry

from resolvers.context import Context
from schema.enums import ActivityType

Info: TypeAlias = strawberry.Info[Context, None]

IdArg: TypeAlias = Annotated[strawberry.ID, strawberry.argument(name="id", description="The id of the thing.")]
FirstArg: TypeAlias = Annotated[
    int | None,
    strawberry.argument(
        description="How many from the beginning of the list, 1 to 500; 50 without `first` and `last`."
    ),
]
AfterArg: TypeAlias = Annotated[
    str | None, strawberry.argument(description="A cursor of this list: what comes after it.")
]
LastArg: TypeAlias = Annotated[
    int | None, strawberry.argument(description="How many from the end of the list, 1 to 500; not with `first`.")
]
BeforeArg: TypeAlias = Annotated[
    str | None, strawberry.argument(description="A cursor of this list: what comes before it.")
]
OffsetArg: TypeAlias = Annotated[
    int | None,
    strawberry.argument(description="How many to pass over first, at most 10,000; not with a cursor."),
]
TypesArg: TypeAlias = Annotated[
    list[ActivityType] | None,
    strawberry.argument(description="Only these types; an empty list matches nothing."),
]
