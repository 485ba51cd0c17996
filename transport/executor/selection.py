"""Look-ahead: which attributes an operation reads from the objects below a field."""

from typing import Any

from graphql import GraphQLResolveInfo


def selected_attributes(info: GraphQLResolveInfo[Any], *path: str) -> frozenset[str] | None:  # noqa: ARG001 - see below
    """Return the attributes that the operation reads from the objects at `path`; None if it may read any of them.

    `path` has the names of fields, not their aliases, below the field that `info` is of: `("edges", "node")`. Nothing
    is read where the operation does not select the path: then the set is empty.
    """
    # Executors that know more say so in their own `info`.
    return None
