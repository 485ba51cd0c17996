"""Sessions: what all kinds share. What is particular to a kind is in `schema.kinds`."""

from collections.abc import Awaitable, Callable
from typing import Any

import strawberry

from models import session_rules
from models.clock import to_seconds
from models.tables.activity import Activity as ActivityRow
from models.tables.path_time import PathTime as PathTimeRow
from models.tables.session import Session as SessionRow
from resolvers.activities.service import session_activities
from resolvers.context import Context
from resolvers.pagination.keyset import Page, PageArgs
from schema.activity import ActivityConnection
from schema.arguments import AfterArg, BeforeArg, FirstArg, Info, LastArg, TypesArg
from schema.enums import EndReason, Kind, State
from schema.field_helpers import QUERY_WEIGHT, computed_field, field
from schema.node import Node
from schema.page_info import PageInfo
from schema.project import Project
from schema.scalars import JSON, DateTime


def _path_seconds(row: PathTimeRow, _context: Context) -> float:
    return to_seconds(row.visible_ms)


@strawberry.type(description="How long a session was visible on one path.")
class PathTime:
    path: list[str] = strawberry.field(
        description="The path, outermost first; empty where it is unknown, or where there were too many."
    )
    visible_seconds: float = computed_field(_path_seconds, "How long it was visible there, in seconds.")


def _session_field(resolve: Callable[[SessionRow, Context], object], description: str) -> Any:
    return computed_field(resolve, description)


@strawberry.interface(description="A session of any kind.")
class Session(Node):
    kind: Kind = strawberry.field(description="What it is a session of.")
    project: Project = _session_field(lambda s, c: c.loaders.project(s.project_id), "The project it belongs to.")
    external_id: str | None = strawberry.field(
        description="The caller's own id of it: a uuid, an import id, a login id."
    )
    subject: str | None = strawberry.field(
        description="Who or what it belongs to: a device id, username, visitor id or unit id."
    )
    state: State = _session_field(lambda s, c: session_rules.state(s, c.now), "Where it is in its life, as of now.")
    visible: bool = _session_field(
        lambda s, c: session_rules.is_visible(s, c.now), "Whether its subject can see it now; never once it has ended."
    )
    path: list[str] = strawberry.field(
        description="Where its subject is now, outermost first, such as view and tab; empty where unknown."
    )
    started_at: DateTime = strawberry.field(
        description="When it began, by the server's clock; of an AGENDA session when it is scheduled to begin."
    )
    last_seen_at: DateTime = strawberry.field(description="When it was last heard.")
    expires_at: DateTime | None = _session_field(
        lambda s, c: s.expires_at if session_rules.effective_end(s, c.now) is None else None,
        "When it ends if nothing more is heard; null where silence does not end it, and once it has ended.",
    )
    ended_at: DateTime | None = _session_field(
        lambda s, c: session_rules.effective_end(s, c.now), "When it ended; null while it has not."
    )
    end_reason: EndReason | None = _session_field(
        lambda s, c: session_rules.end_reason(s, c.now), "Why it ended; null while it has not."
    )
    elapsed_seconds: float = _session_field(
        lambda s, c: to_seconds(session_rules.elapsed(s, c.now)),
        "How long it has lasted, in seconds: to now, to its end, or, where it ended in silence, to when it was last "
        "heard.",
    )
    visible_seconds: float = _session_field(
        lambda s, _: to_seconds(s.visible_ms),
        "How long its subject saw it, in seconds: time between two calls, the first of which left it visible.",
    )
    path_times: list[PathTime] = _session_field(
        lambda s, c: c.loaders.path_times(s.id), "How long it was visible on each path, the longest first."
    )
    previous: "Session | None" = _session_field(
        lambda s, c: None if s.previous_id is None else c.loaders.session(s.previous_id),
        "The session that this one carries on from; null where there is none, or no longer.",
    )
    meta: JSON = strawberry.field(name="metadata", description="What the caller attached to it: an object.")
    revision: int = strawberry.field(
        description="Grows by one with every change; of two copies the one with the greater number is newer."
    )
    timeout_seconds: int | None = strawberry.field(
        description="The silence that ends it, in seconds; null where silence does not end it."
    )
    created_at: DateTime = strawberry.field(description="When it was created, by the server's clock.")
    updated_at: DateTime = strawberry.field(description="When it last changed, by the server's clock.")

    @field("Its timeline, oldest first; `last` gives the newest.", graphql_type=ActivityConnection)
    async def activities(  # noqa: PLR0913, PLR0917 - a page takes that many
        self,
        info: Info,
        first: FirstArg = None,
        after: AfterArg = None,
        last: LastArg = None,
        before: BeforeArg = None,
        types: TypesArg = None,
    ) -> Page[ActivityRow]:
        page = PageArgs(first, after, last, before)
        return await session_activities(info.context, self.id, types=types, page=page)


def _total_count(page: Page[SessionRow], _context: Context) -> Awaitable[int]:
    return page.total_count()


@strawberry.type(description="A session and its place in a list.")
class SessionEdge:
    cursor: str = strawberry.field(description="Its place in the list, for `after` and `before`.")
    node: Session = strawberry.field(description="The session.")


@strawberry.type(description="A page of sessions.")
class SessionConnection:
    edges: list[SessionEdge] = strawberry.field(description="The sessions of this page with their places.")
    nodes: list[Session] = strawberry.field(description="The sessions of this page.")
    page_info: PageInfo = computed_field(lambda page, _: page, "Where this page stands in the list.")
    total_count: int = computed_field(
        _total_count, "How many sessions the whole list has; counted only when selected.", weight=QUERY_WEIGHT
    )
