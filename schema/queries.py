"""What can be asked."""

from collections.abc import Sequence
from typing import Annotated, TypeAlias

import strawberry

from models.tables.activity import Activity as ActivityRow
from models.tables.project import Project as ProjectRow
from models.tables.session import Session as SessionRow
from resolvers import nodes
from resolvers.access import Caller
from resolvers.activities.service import list_activities
from resolvers.pagination.keyset import Page, PageArgs
from resolvers.projects.reading import get_project, list_projects
from resolvers.sessions.service import get_session, list_sessions
from resolvers.stats.service import Stats
from schema.activity import ActivityConnection
from schema.arguments import AfterArg, BeforeArg, FirstArg, IdArg, Info, LastArg, OffsetArg, TypesArg
from schema.field_helpers import field
from schema.filters import SessionFilter, SessionOrder
from schema.input_values import input_to_dict
from schema.node import Node
from schema.project import Project, ProjectConnection
from schema.session import Session, SessionConnection
from schema.stats import SessionStats
from schema.viewer import Viewer

IdsArg: TypeAlias = Annotated[
    list[strawberry.ID], strawberry.argument(description="The ids of the things, at most 500.")
]
FilterArg: TypeAlias = Annotated[
    SessionFilter | None,
    strawberry.argument(name="filter", description="Which sessions; all that the caller may see where not given."),
]
OrderByArg: TypeAlias = Annotated[
    list[SessionOrder] | None,
    strawberry.argument(
        name="orderBy",
        description="What to sort by first, second and so on, each field at most once; the latest start first where "
        "not given.",
    ),
]


@strawberry.type(description="What can be asked.")
class Query:
    @field(
        "The session, activity or project of an id; null where there is none for the caller.", graphql_type=Node | None
    )
    async def node(self, info: Info, id_: IdArg) -> nodes.Node | None:
        return await nodes.get_node(info.context, id_)

    @field("The things of these ids, in their order; null for each that is not there.", graphql_type=list[Node | None])
    async def nodes(self, info: Info, ids: IdsArg) -> Sequence[nodes.Node | None]:
        return await nodes.get_nodes(info.context, ids)

    @field("The session of an id; null where there is none for the caller.", graphql_type=Session | None)
    async def session(self, info: Info, id_: IdArg) -> SessionRow | None:
        return await get_session(info.context, id_)

    @field(
        "Sessions of all kinds; the latest start first where `orderBy` says nothing. READ.",
        graphql_type=SessionConnection,
    )
    async def sessions(  # noqa: PLR0913, PLR0917 - a list takes that many
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
        order_fields = [(each.field, each.direction) for each in order_by or ()]
        return await list_sessions(info.context, filter=input_to_dict(filter_), order_by=order_fields, page=page)

    @field(
        "The timelines of sessions in one list, oldest first; `last` gives the newest. READ.",
        graphql_type=ActivityConnection,
    )
    async def activities(  # noqa: PLR0913, PLR0917 - a list takes that many
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
        return await list_activities(info.context, filter=input_to_dict(filter_), types=types, page=page)

    @field("Statistics of sessions, as of now. READ.")
    async def session_stats(self, info: Info, filter_: FilterArg = None) -> SessionStats:
        return SessionStats(stats=Stats(info.context, input_to_dict(filter_)))

    @field("The project of an id; null where there is none for the caller.", graphql_type=Project | None)
    async def project(self, info: Info, id_: IdArg) -> ProjectRow | None:
        return await get_project(info.context, id_)

    @field("The caller's projects, by id. READ or ADMIN.", graphql_type=ProjectConnection)
    async def projects(
        self, info: Info, first: FirstArg = None, after: AfterArg = None, last: LastArg = None, before: BeforeArg = None
    ) -> Page[ProjectRow]:
        return await list_projects(info.context, PageArgs(first, after, last, before))

    @field("Who is asking.", graphql_type=Viewer)
    def viewer(self, info: Info) -> Caller:
        return info.context.caller
