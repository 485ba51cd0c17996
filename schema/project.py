"""Projects: the walls between callers, and what they say where a start is silent."""

import strawberry

from models.kinds import KINDS
from models.tables.project import Project as ProjectRow
from resolvers.context import Context
from schema.enums import Kind
from schema.field_helpers import computed_field
from schema.node import Node
from schema.page_info import PageInfo


@strawberry.type(description="The silence that ends sessions of one kind.")
class KindTimeout:
    kind: Kind = strawberry.field(description="The kind.")
    seconds: int | None = strawberry.field(
        description="Seconds without a sign of life, 10 to 86400; null where silence does not end them."
    )


def _timeouts(row: ProjectRow, _context: Context) -> list[KindTimeout]:
    return [
        KindTimeout(kind=rules.kind, seconds=row.timeouts.get(kind, rules.default_timeout))
        for kind, rules in KINDS.items()
    ]


@strawberry.type(description="The wall between callers: every session belongs to one project.")
class Project(Node):
    name: str = strawberry.field(description="Its name.")
    geo_listen_enabled: bool = strawberry.field(
        description="Whether CLIENT sessions follow their place where their start does not say."
    )
    default_language: str = strawberry.field(
        description="The language of CLIENT sessions whose start names none: a 2-letter ISO 639-1 code."
    )
    timeouts: list[KindTimeout] = computed_field(
        _timeouts, "The silence that ends sessions here where their start does not say, for each kind."
    )


@strawberry.type(description="A project and its place in a list.")
class ProjectEdge:
    cursor: str = strawberry.field(description="Its place in the list, for `after` and `before`.")
    node: Project = strawberry.field(description="The project.")


@strawberry.type(description="A page of projects, by id.")
class ProjectConnection:
    edges: list[ProjectEdge] = strawberry.field(description="The projects of this page with their places.")
    page_info: PageInfo = computed_field(lambda page, _: page, "Where this page stands in the list.")
