"""Tokens: the credentials of callers."""

import strawberry

from schema.enums import Kind, Scope
from schema.node import Connection, Node
from schema.scalars import DateTime


@strawberry.type(description="A credential of a caller. Its secret is shown once, when it is created.")
class Token(Node):
    name: str = strawberry.field(description="Name of the caller.")
    scopes: list[Scope] = strawberry.field(description="Its permissions.")
    project_ids: list[strawberry.ID] | None = strawberry.field(
        description="Ids of the projects that it can access; null for all."
    )
    kinds: list[Kind] | None = strawberry.field(description="Kinds of sessions that it may start; null for all.")
    origins: list[str] | None = strawberry.field(
        description="Origins of the web pages that may use it; null: any program may use it."
    )
    created_at: DateTime = strawberry.field(description="When it was created.")
    expires_at: DateTime | None = strawberry.field(description="When it expires; null for never.")
    last_used_at: DateTime | None = strawberry.field(
        description="When it was used last, to the minute; null if it never was."
    )
    revoked_at: DateTime | None = strawberry.field(description="When it was revoked; null if it was not.")


@strawberry.type(description="A token in a list.")
class TokenEdge:
    cursor: str = strawberry.field(description="Position in the list, for `after` and `before`.")
    node: Token = strawberry.field(description="The token.")


@strawberry.type(description="A page of tokens, the oldest first.")
class TokenConnection(Connection):
    edges: list[TokenEdge] = strawberry.field(description="The tokens of this page with their cursors.")
    nodes: list[Token] = strawberry.field(description="The tokens of this page.")
