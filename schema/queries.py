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
from resolvers.pagination.page import Page, PageArgs
from resolvers.projects.reading import get_project, list_projects
from resolvers.sessions.service import get_session, list_sessions
from resolvers.stats import Stats
from schema.activity import ActivityConnection
from schema.arguments import After, Before, First, Id, Info, Last, Offset, Types
from schema.field_helpers import resolved
from schema.filters import SessionFilter, SessionOrder
from schema.input_values import given
from schema.node import Node
from schema.project import Project, ProjectConnection
from schema.session import Session, SessionConnection
from schema.stats import SessionStats
from schema.viewer import Viewer

Ids: TypeAlias = Annotated[list[strawberry.ID], strawberry.argument(description="The ids of the things, at most 500.")]
Which: TypeAlias = Annotated[
    SessionFilter | None,
    strawberry.argument(name="filter", description="Which sessions; all that the caller may see where not given."),
]
Order: TypeAlias = Annotated[
    list[SessionOrder] | None,
    strawberry.argument(
        name="orderBy",
        description="What to sort by first, second and so on, each field at most once; the latest start first where "
        "not given.",
    ),
]


@strawberry.type(description="What can be asked.")
class Query:
    @resolved("The session, activity or project of an id; null where there is none for the caller.", of=Node | None)
    async def node(self, info: Info, id_: Id) -> nodes.Node | None:
        return await nodes.get_node(info.context, id_)

    @resolved("The things of these ids, in their order; null for each that is not there.", of=list[Node | None])
    async def nodes(self, info: Info, ids: Ids) -> Sequence[nodes.Node | None]:
        return await nodes.get_nodes(info.context, ids)

    @resolved("The session of an id; null where there is none for the caller.", of=Session | None)
    async def session(self, info: Info, id_: Id) -> SessionRow | None:
        return await get_session(info.context, id_)

    @resolved("Sessions of all kinds; the latest start first where `orderBy` says nothing. READ.", of=SessionConnection)
    async def sessions(  # noqa: PLR0913, PLR0917 - a list takes that many
        self,
        info: Info,
        which: Which = None,
        order: Order = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        offset: Offset = None,
    ) -> Page[SessionRow]:
        page = PageArgs(first, after, last, before, offset)
        by = [(each.field, each.direction) for each in order or ()]
        return await list_sessions(info.context, filter=given(which), order=by, page=page)

    @resolved(
        "The timelines of sessions in one list, oldest first; `last` gives the newest. READ.", of=ActivityConnection
    )
    async def activities(  # noqa: PLR0913, PLR0917 - a list takes that many
        self,
        info: Info,
        which: Which = None,
        types: Types = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Page[ActivityRow]:
        page = PageArgs(first, after, last, before)
        return await list_activities(info.context, filter=given(which), types=types, page=page)

    @resolved("Statistics of sessions, as of now. READ.")
    async def session_stats(self, info: Info, which: Which = None) -> SessionStats:
        return SessionStats(stats=Stats(info.context, given(which)))

    @resolved("The project of an id; null where there is none for the caller.", of=Project | None)
    async def project(self, info: Info, id_: Id) -> ProjectRow | None:
        return await get_project(info.context, id_)

    @resolved("The caller's projects, by id. READ or ADMIN.", of=ProjectConnection)
    async def projects(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Page[ProjectRow]:
        return await list_projects(info.context, PageArgs(first, after, last, before))

    @resolved("Who is asking.", of=Viewer)
    def viewer(self, info: Info) -> Caller:
        return info.context.caller
