"""Fields declare which attributes of their source they read: lists select no other columns."""

from collections.abc import Iterator, Mapping
from types import SimpleNamespace
from typing import Any, Final

import pytest
from graphql import GraphQLField, GraphQLObjectType

from models.clock import HOUR
from models.database import Database
from models.enums import Kind
from models.tables.rows import AuditEntry, PathTime, Project
from resolvers.access import LOCAL_ADMIN
from resolvers.forms.queries import DataPointView
from resolvers.loaders import resolved
from resolvers.stats.types import GroupStats
from schema import graphql_schema
from tests.factories import NOW, activity_row, ended_row, session_row
from tests.queries.operation_context import make_context
from transport.executor.extensions import ATTRIBUTE, READ, READS, TYPE_NAME

NO_SOURCE: Final = {"Query", "Mutation", "Subscription", "SessionStats"}
"""Types whose sources have no attributes that could be left out."""

_LIVE: Final = {kind: session_row(kind, previous_id=session_row().id) for kind in Kind}
_SESSIONS: Final = {
    f"{kind.capitalize()}Session": [
        live,
        ended_row(kind),
        session_row(kind, expires_at=NOW - 1, expiry_reason="EXPIRED"),
        session_row(kind, started_at=NOW + HOUR, visible=False),
    ]
    for kind, live in _LIVE.items()
}
_TEXT: Final[dict[str, Any]] = {"session_id": _LIVE[Kind.FIELD].id, "name": "a", "size": 3}
SOURCES: Final[Mapping[str, list[Any]]] = {
    **_SESSIONS,
    "Activity": [activity_row(_LIVE[Kind.USER], position=7)],
    "Attachment": [SimpleNamespace(id="f_1")],
    "AuditEntry": [AuditEntry(1, "e_1", NOW, "TOKEN_CREATED", None, "local", None, None, {})],
    "DataPoint": [
        DataPointView(**_TEXT, inline_text="abc", is_text=True, is_raw=False, file=None),
        DataPointView(**_TEXT, inline_text=None, is_text=True, is_raw=False, file=None),
        DataPointView(**_TEXT, inline_text=None, is_text=False, is_raw=True, file=None),
    ],
    "MediaMetrics": [SimpleNamespace(states=[])],
    "PathTime": [PathTime("s_1", ["a"], 1500, None, None, None, None, None, None, None, None)],
    "Project": [Project("p1", "P1", False, "en", {"USER": 60}, NOW, NOW)],
    "ProjectStats": [GroupStats("p1", 1, 1, 1, 0.0)],
    "Viewer": [LOCAL_ADMIN],
}
"""Rows of the types that have computed fields."""


def output_fields() -> Iterator[tuple[str, str, GraphQLField]]:
    for type_ in graphql_schema.type_map.values():
        if isinstance(type_, GraphQLObjectType) and not type_.name.startswith("__") and type_.name not in NO_SOURCE:
            yield from ((type_.name, name, field) for name, field in type_.fields.items())


COMPUTED: Final = [
    pytest.param(type_name, field, id=f"{type_name}.{name}")
    for type_name, name, field in output_fields()
    if READ in field.extensions and ATTRIBUTE not in field.extensions and not type_name.endswith("Connection")
]


class PartialRow:
    """The attributes of a source that a field says it reads, and no others."""

    def __init__(self, source: Any, names: frozenset[str]) -> None:
        self.__dict__.update((name, getattr(source, name)) for name in names)


def test_every_field_declares_what_it_reads() -> None:
    undeclared = [f"{type_name}.{name}" for type_name, name, field in output_fields() if READS not in field.extensions]
    assert undeclared == []


def test_field_of_an_attribute_reads_it_alone() -> None:
    by_attribute = [field for *_, field in output_fields() if ATTRIBUTE in field.extensions]
    assert len(by_attribute) > 150
    assert all(field.extensions[READS] == {field.extensions[ATTRIBUTE]} for field in by_attribute)


@pytest.mark.parametrize(("type_name", "field"), COMPUTED)
async def test_computed_field_needs_only_what_it_declares(
    database: Database, type_name: str, field: GraphQLField
) -> None:
    read, reads = field.extensions[READ], field.extensions[READS]
    for source in SOURCES[type_name]:
        context = make_context(database)
        expected = await resolved(read(source, context))
        assert await resolved(read(PartialRow(source, reads), context)) == expected


@pytest.mark.parametrize("name", ["Node", "Session"])
@pytest.mark.parametrize("kind", Kind)
def test_type_of_session_needs_only_its_kind(name: str, kind: Kind) -> None:
    abstract = graphql_schema.type_map[name]
    row = _LIVE[kind].__class__.__new__(_LIVE[kind].__class__)
    for column in abstract.extensions[READS]:
        setattr(row, column, getattr(_LIVE[kind], column))
    assert abstract.extensions[TYPE_NAME](row) == f"{kind.capitalize()}Session"
