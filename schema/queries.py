"""Queries."""

from collections.abc import Sequence
from typing import Annotated, TypeAlias

import strawberry

from models.tables.rows import Activity as ActivityRow
from models.tables.rows import AuditEntry as AuditEntryRow
from models.tables.rows import Project as ProjectRow
from models.tables.rows import Session as SessionRow
from models.tables.rows import Token as TokenRow
from resolvers import nodes
from resolvers.access import Caller
from resolvers.activities.service import list_activities
from resolvers.audit.service import list_audit_log
from resolvers.context import Context
from resolvers.pagination.keyset import Page, PageArgs
from resolvers.projects.service import get_project, list_projects
from resolvers.sessions.service import get_session, list_sessions
from resolvers.stats.service import Stats
from resolvers.tokens.service import list_tokens
from schema.arguments import (
    AfterArg,
    BeforeArg,
    FilterArg,
    FirstArg,
    IdArg,
    Info,
    LastArg,
    OffsetArg,
    OrderByArg,
    TypesArg,
    Values,
)
from schema.audit import AuditEntryConnection, AuditLogFilter
from schema.enums import Scope
from schema.field_helpers import computed_field, field
from schema.node import Node, selection_of
from schema.session import ActivityConnection, Project, ProjectConnection, Session, SessionConnection
from schema.stats import SessionStats
from schema.tokens import TokenConnection
from transport.executor.selection import selected_attributes

AuditLogFilterArg: TypeAlias = Annotated[
    Values | None,
    strawberry.argument(
        name="filter", description="Which entries; by default all.", graphql_type=AuditLogFilter | None
    ),
]
IdsArg: TypeAlias = Annotated[list[strawberry.ID], strawberry.argument(description="Ids of the objects, at most 500.")]


def _projects(caller: Caller, _context: Context) -> list[str] | None:
    return None if caller.project_ids is None else sorted(caller.project_ids)


@strawberry.type(description="The caller of the operation.")
class Viewer:
    name: str = strawberry.field(description="The caller's name.")
    scopes: list[Scope] = computed_field(
        lambda caller, _: [scope for scope in Scope if scope in caller.scopes],
        "The caller's permissions.",
        reads=["scopes"],
    )
    projects: list[strawberry.ID] | None = computed_field(
        _projects, "Ids of the projects that the caller can access; null for all.", reads=["project_ids"]
    )


@strawberry.type(
    description="Queries. All fields of one operation show the same time. A field that fails is null, and leaves the "
    "others of the operation as they are."
)
class Query:
    @field("The object with an id; null if it does not exist for the caller.", graphql_type=Node | None)
    async def node(self, info: Info, id_: IdArg) -> nodes.Node | None:
        return await nodes.get_node(info.context, id_, selected_attributes(info))

    @field("The objects with these ids, in order; null for each that does not exist.", graphql_type=list[Node | None])
    async def nodes(self, info: Info, ids: IdsArg) -> Sequence[nodes.Node | BaseException | None]:
        return await nodes.get_nodes(info.context, ids, selected_attributes(info))

    @field("The session with an id; null if it does not exist for the caller.", graphql_type=Session | None)
    async def session(self, info: Info, id_: IdArg) -> SessionRow | None:
        return await get_session(info.context, id_, selected_attributes(info))

    @field("Sessions of all kinds. Requires READ.", graphql_type=SessionConnection | None, shareable=True)
    async def sessions(  # noqa: PLR0913, PLR0917 - pagination arguments
        self,
        info: Info,
        filter_: FilterArg = None,
        order_by: OrderByArg = None,
        first: FirstArg = None,
        after: AfterArg = None,
        last: LastArg = None,
        before: BeforeArg = None,
        offset: OffsetArg = None,
    ) -> Page[SessionRow]:
        page = PageArgs(first, after, last, before, offset)
        order = [(each["field"], each["direction"]) for each in order_by or ()]
        return await list_sessions(
            info.context, filter=filter_ or {}, order_by=order, page=page, selection=selection_of(info)
        )

    @field(
        "Activities of sessions in one list, oldest first; use `last` for the newest. Requires READ.",
        graphql_type=ActivityConnection | None,
        shareable=True,
    )
    async def activities(  # noqa: PLR0913, PLR0917 - pagination arguments
        self,
        info: Info,
        filter_: FilterArg = None,
        types: TypesArg = None,
        first: FirstArg = None,
        after: AfterArg = None,
        last: LastArg = None,
        before: BeforeArg = None,
    ) -> Page[ActivityRow]:
        page = PageArgs(first, after, last, before)
        return await list_activities(
            info.context, filter=filter_ or {}, types=types, page=page, selection=selection_of(info)
        )

    @field("Statistics of sessions. Requires READ.", shareable=True)
    async def session_stats(self, info: Info, filter_: FilterArg = None) -> SessionStats | None:
        return SessionStats(stats=Stats(info.context, filter_ or {}))

    @field("The project with an id; null if it does not exist for the caller.", graphql_type=Project | None)
    async def project(self, info: Info, id_: IdArg) -> ProjectRow | None:
        return await get_project(info.context, id_)

    @field("The caller's projects, by id. Requires READ or ADMIN.", graphql_type=ProjectConnection | None)
    async def projects(
        self,
        info: Info,
        first: FirstArg = None,
        after: AfterArg = None,
        last: LastArg = None,
        before: BeforeArg = None,
    ) -> Page[ProjectRow]:
        return await list_projects(info.context, PageArgs(first, after, last, before), selection_of(info))

    @field(
        "The tokens within the caller's projects, the oldest first. Requires ADMIN.",
        graphql_type=TokenConnection | None,
    )
    async def tokens(
        self,
        info: Info,
        first: FirstArg = None,
        after: AfterArg = None,
        last: LastArg = None,
        before: BeforeArg = None,
    ) -> Page[TokenRow]:
        return await list_tokens(info.context, PageArgs(first, after, last, before))

    @field(
        "What administrators did, the newest entry first: the entries of the caller's projects, and those that concern "
        "several projects if the caller can access all. They are kept for ever. Requires ADMIN.",
        graphql_type=AuditEntryConnection | None,
    )
    async def audit_log(  # noqa: PLR0913, PLR0917 - pagination arguments
        self,
        info: Info,
        filter_: AuditLogFilterArg = None,
        first: FirstArg = None,
        after: AfterArg = None,
        last: LastArg = None,
        before: BeforeArg = None,
    ) -> Page[AuditEntryRow]:
        page = PageArgs(first, after, last, before)
        return await list_audit_log(info.context, filter=filter_ or {}, page=page)

    @field("The caller.", graphql_type=Viewer | None)
    def viewer(self, info: Info) -> Caller:
        return info.context.caller
