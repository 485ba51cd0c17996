"""Sessions (what all kinds share; the rest is in `schema.kinds`), their activities and their projects."""

from typing import Final

import strawberry

from models import session_rules
from models.clock import to_seconds
from models.enums import EventFlag
from models.kinds import KINDS
from models.tables.rows import Activity as ActivityRow
from models.tables.rows import Project as ProjectRow
from models.tables.rows import Session as SessionRow
from resolvers.activities.service import activity_cursor, session_activities
from resolvers.context import Context
from resolvers.pagination.keyset import Page, PageArgs
from resolvers.sessions.service import list_project_sessions
from schema.arguments import AfterArg, BeforeArg, FirstArg, Info, LastArg, OrderByArg, OwnFilterArg, TypesArg
from schema.enums import ActivityType, EndReason, Kind, State
from schema.field_helpers import computed_field, field, rule_field
from schema.node import Connection, Node, selection_of
from schema.scalars import JSON, DateTime


@strawberry.type(description="Something that happened to a session: an entry of its timeline.")
class Activity(Node):
    cursor: str = computed_field(
        lambda row, context: activity_cursor(context, row),
        "Its position in the log, a cursor of every list of activities.",
        reads=["position"],
        shareable=True,
    )
    type: ActivityType = strawberry.field(description="What happened.")
    at: DateTime = strawberry.field(
        description="When it happened. May be earlier than preceding activities: the order is that of the cursors."
    )
    client_at: DateTime | None = strawberry.field(
        name="clientTime", description="When it happened by the client's clock; null if the client sent no time."
    )
    session_id: strawberry.ID = strawberry.field(description="Id of the session, which may have been deleted.")
    session: "Session | None" = computed_field(
        lambda row, context: context.loaders.session(row.session_id),
        "The session as it is now; null if it was replaced or deleted.",
        reads=["session_id"],
        shareable=True,
    )
    data: JSON = strawberry.field(
        description="Details, an object. HIDDEN and SHOWN: `path`. MOVED: `from`, `to`. TERMINATED: `reason`, `by`. "
        "Player events, and calls with the player's position: `playhead` and, if sent, `params`, `qoe`, "
        "`customMetadata`. `flag` if a player event was stored without being counted when it arrived: "
        f"{', '.join(EventFlag)}."
    )


@strawberry.type(description="An activity in a list.")
class ActivityEdge:
    cursor: str = strawberry.field(description="Position in the list, for `after` and `before`.")
    node: Activity = strawberry.field(description="The activity.")


@strawberry.type(description="A page of activities, oldest first.")
class ActivityConnection(Connection):
    edges: list[ActivityEdge] = strawberry.field(description="The activities of this page with their cursors.")
    nodes: list[Activity] = strawberry.field(description="The activities of this page.")


@strawberry.type(description="Time that a session was visible on one path.")
class PathTime:
    path: list[str] = strawberry.field(
        description="The path, outermost segment first; empty if it is unknown, or beyond the number of paths that are "
        "counted separately."
    )
    visible_seconds: float = computed_field(
        lambda time, _: to_seconds(time.visible_ms),
        "Visible time on the path, in seconds.",
        reads=["visible_ms"],
        shareable=True,
    )


@strawberry.interface(description="A session of any kind.")
class Session(Node):
    kind: Kind = strawberry.field(description="Kind of session.")
    project_id: strawberry.ID = strawberry.field(description="Id of the project it belongs to.")
    project: "Project" = computed_field(
        lambda s, context: context.loaders.project(s.project_id),
        "The project it belongs to.",
        reads=["project_id"],
        shareable=True,
    )
    external_id: str | None = strawberry.field(
        description="Id in the caller's system: a uuid, import id or login id; null if it has none."
    )
    subject: str | None = strawberry.field(
        description="The device id, username, visitor id or unit id that uses it; null if unknown."
    )
    state: State = rule_field(session_rules.state, "Current state.")
    visible: bool = rule_field(
        session_rules.is_visible,
        "Whether its subject can see it now; for AGENDA, whether the item is published. False once it has ended.",
    )
    path: list[str] = strawberry.field(
        description="Current location of its subject, outermost segment first, such as view and tab; empty if unknown."
    )
    started_at: DateTime = strawberry.field(
        description="When it started, by the server's clock; the scheduled start of an AGENDA session."
    )
    last_seen_at: DateTime = strawberry.field(description="When its client last called.")
    expires_at: DateTime | None = rule_field(
        session_rules.expiry,
        "When it ends without further calls; null if it does not expire, or has ended.",
    )
    ended_at: DateTime | None = rule_field(session_rules.effective_end, "When it ended; null if it has not.")
    end_reason: EndReason | None = rule_field(session_rules.end_reason, "Why it ended; null if it has not.")
    elapsed_seconds: float = rule_field(
        session_rules.elapsed,
        "Duration so far, in seconds: until now, until its end, or, if it expired, until its client's last call.",
        convert=to_seconds,
    )
    visible_seconds: float = computed_field(
        lambda s, _: to_seconds(s.visible_ms),
        "Visible time, in seconds: the intervals between calls that began with the session visible.",
        reads=["visible_ms"],
        shareable=True,
    )
    path_times: list[PathTime] = computed_field(
        lambda s, context: context.loaders.path_times(s.id),
        "Visible time on each path, longest first.",
        reads=["id"],
        shareable=True,
    )
    previous: "Session | None" = computed_field(
        lambda s, context: None if s.previous_id is None else context.loaders.session(s.previous_id),
        "The session that this one continues; null if there is none, or it was deleted.",
        reads=["previous_id"],
        shareable=True,
    )
    meta: JSON = strawberry.field(name="metadata", description="The caller's own data, an object.")
    revision: int = strawberry.field(description="Increases by one with every change, so that copies can be ordered.")
    timeout_seconds: int | None = strawberry.field(
        description="Seconds without a call after which it ends; null for AGENDA, which has no timeout."
    )
    created_at: DateTime = strawberry.field(description="When it was created, by the server's clock.")
    updated_at: DateTime = strawberry.field(description="When it last changed, by the server's clock.")

    @field(
        "Its timeline, oldest first; use `last` for the newest.",
        graphql_type=ActivityConnection,
        reads=["id"],
        shareable=True,
    )
    async def activities(  # noqa: PLR0913, PLR0917 - pagination arguments
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


@strawberry.type(description="A session in a list.")
class SessionEdge:
    cursor: str = strawberry.field(description="Position in the list, for `after` and `before`.")
    node: Session = strawberry.field(description="The session.")


@strawberry.type(description="A page of sessions.")
class SessionConnection(Connection):
    edges: list[SessionEdge] = strawberry.field(description="The sessions of this page with their cursors.")
    nodes: list[Session] = strawberry.field(description="The sessions of this page.")


LIST_WEIGHT: Final = 10
"""Cost of one list of sessions among many: it is searched for in an index."""


@strawberry.type(description="Timeout of the sessions of one kind.")
class KindTimeout:
    kind: Kind = strawberry.field(description="Kind of session.")
    seconds: int | None = strawberry.field(
        description="Seconds without a call, 10 to 86400; null if these sessions do not expire."
    )


def _timeouts(row: ProjectRow, _context: Context) -> list[KindTimeout]:
    return [
        KindTimeout(kind=rules.kind, seconds=row.timeouts.get(kind, rules.default_timeout))
        for kind, rules in KINDS.items()
    ]


@strawberry.type(description="A group of sessions. A caller's access is limited to its projects.")
class Project(Node):
    name: str = strawberry.field(description="Display name.")
    geo_listen_enabled: bool = strawberry.field(
        description="Default of CLIENT sessions: whether the app follows its location."
    )
    default_language: str = strawberry.field(
        description="Default language of CLIENT sessions: a 2-letter ISO 639-1 code."
    )
    timeouts: list[KindTimeout] = computed_field(
        _timeouts, "Default timeout of the sessions of each kind.", reads=["timeouts"], shareable=True
    )

    @field(
        "Its sessions. Requires READ.",
        graphql_type=SessionConnection,
        reads=["id"],
        weight=LIST_WEIGHT,
        shareable=True,
    )
    async def sessions(  # noqa: PLR0913, PLR0917 - pagination arguments
        self,
        info: Info,
        filter_: OwnFilterArg = None,
        order_by: OrderByArg = None,
        first: FirstArg = None,
        after: AfterArg = None,
        last: LastArg = None,
        before: BeforeArg = None,
    ) -> Page[SessionRow]:
        return await list_project_sessions(
            info.context,
            self.id,
            filter=filter_ or {},
            order_by=[(each["field"], each["direction"]) for each in order_by or ()],
            page=PageArgs(first, after, last, before),
            selection=selection_of(info),
        )


@strawberry.type(description="A project in a list.")
class ProjectEdge:
    cursor: str = strawberry.field(description="Position in the list, for `after` and `before`.")
    node: Project = strawberry.field(description="The project.")


@strawberry.type(description="A page of projects, by id.")
class ProjectConnection(Connection):
    edges: list[ProjectEdge] = strawberry.field(description="The projects of this page with their cursors.")
    nodes: list[Project] = strawberry.field(description="The projects of this page.")
