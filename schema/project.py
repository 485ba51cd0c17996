"""Projects, which separate callers and provide defaults for sessions."""

import strawberry

from models.kinds import KINDS
from models.tables.rows import Project as ProjectRow
from resolvers.context import Context
from schema.enums import Kind
from schema.field_helpers import computed_field
from schema.node import Node, PageInfo


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
    timeouts: list[KindTimeout] = computed_field(_timeouts, "Default timeout of the sessions of each kind.")


@strawberry.type(description="A project in a list.")
class ProjectEdge:
    cursor: str = strawberry.field(description="Position in the list, for `after` and `before`.")
    node: Project = strawberry.field(description="The project.")


@strawberry.type(description="A page of projects, by id.")
class ProjectConnection:
    edges: list[ProjectEdge] = strawberry.field(description="The projects of this page with their cursors.")
    page_info: PageInfo = computed_field(lambda page, _: page, "Position of this page in the list.")
