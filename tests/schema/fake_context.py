"""A stage for documents: rows as the database would give them, and a context without a database."""

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql import ExecutionResult, parse, validate
from graphql.execution import experimental_execute_incrementally

from models.ids import new_id
from models.kinds import KINDS
from models.kinds.base import ProjectDefaults
from models.kinds.validation import validate as validate_fields
from models.tables import activity, session
from models.tables.activity import Activity
from models.tables.path_time import PathTime
from models.tables.project import Project
from models.tables.session import Session
from resolvers.access import LOCAL_ADMIN, Caller
from resolvers.activities.queries import TimelinePage
from resolvers.forms.queries import DataPointView
from resolvers.media.state import PlaybackState
from resolvers.pagination.keyset import PageRows
from schema import graphql_schema

NOW = 1_704_067_200_000
"""2024-01-01T00:00:00Z"""
PROJECT = Project(
    id="default",
    name="Default",
    geo_listen_enabled=False,
    default_language="en",
    timeouts={"USER": 60},
    created_at=NOW,
    updated_at=NOW,
)

START_INPUTS: dict[str, dict[str, Any]] = {
    "CLIENT": {"client_system": "iOS 8.1", "device_id": "d1", "client_type": "iPhone", "language": "fr-CA"},
    "AGENDA": {"guide": 7, "name": "Opening", "start_time": NOW + 5000, "end_time": NOW + 9000, "import_id": "i1"},
    "MEDIA": {
        "player_time": {"playhead": 1.5, "ts": NOW},
        "tracking_server": "t",
        "report_suite": "r",
        "organization_id": "o",
        "visitor_id": "v",
        "media_id": "m",
        "length": 60,
        "content_type": "VOD",
        "player_name": "p",
        "channel": "c",
        "qoe": {"bitrate": 5},
    },
    "FIELD": {"unit_id": "u1", "uuid": "f1", "created": NOW - 2000, "data": [{"name": "A", "value": "x"}]},
    "USER": {"username": "ada", "client_id": "0123456789abcdef"},
}
"""A start of each kind, by Python names."""


def make_session(kind: str, **changes: Any) -> Session:
    """A session of a kind as the database would give it: words are plain text."""
    rules = KINDS[kind]
    fields = validate_fields(rules.fields, START_INPUTS[kind]).fields
    columns = rules.to_columns(fields, project=ProjectDefaults(False, "en", {}), now=NOW)
    values = dict.fromkeys((column.name for column in session.columns), None) | {
        "id": new_id("s_"),
        "kind": str(kind),
        "project_id": "default",
        "created_at": NOW,
        "updated_at": NOW,
        "revision": 1,
        "meta": {"a": [1]},
        "started_at": NOW,
        "last_seen_at": NOW,
        "visible": True,
        "path": ["view", "tab"],
        "visible_ms": 1500,
    }
    plain = {name: str(value) if name == "player_state" else value for name, value in columns.items()}
    return Session(**(values | plain | changes))


def make_activity(s: Session, position: int, activity_type: str) -> Activity:
    values: dict[str, Any] = {column.name: None for column in activity.columns} | {
        "position": position,
        "id": new_id("a_"),
        "session_id": s.id,
        "project_id": s.project_id,
        "kind": s.kind,
        "type": activity_type,
        "at": NOW,
        "client_at": NOW,
        "data": {},
    }
    return Activity(**values)


class FakeLoaders:
    """Loaders that hold what a test puts on them."""

    database_id = "d"

    def __init__(self, *rows: Any) -> None:
        self.rows = {each.id: each for each in rows}

    async def session(self, id: str) -> Any:  # noqa: A002 - as the loaders have it
        return self.rows.get(id)

    project = activity = session

    async def path_times(self, session_id: str) -> list[PathTime]:
        time = PathTime(
            session_id=session_id,
            path=["view"],
            visible_ms=1500,
            project_id=None,
            kind=None,
            shared=None,
            final_ms=None,
        )
        return [time]

    async def data_points(self, session_id: str, _names: Sequence[str] | None = None) -> list[DataPointView]:
        return [DataPointView(session_id, "photo", 2, None, is_text=False, is_raw=True, file=None)]

    async def raw_data(self, _point: DataPointView) -> bytes:
        return b"\0\1"

    async def media_state(self, _session_id: str) -> PlaybackState | None:
        return None

    async def timeline(self, session_id: str, page: TimelinePage) -> PageRows[Activity]:
        found = [
            row
            for row in self.rows.values()
            if isinstance(row, Activity) and row.session_id == session_id and (not page.types or row.type in page.types)
        ]
        return found[: page.size], False, False


@dataclass
class FakeContext:
    """Stands in for the context of an operation; changes answer what a test prepared, and are noted."""

    loaders: FakeLoaders
    caller: Caller = LOCAL_ADMIN
    now: int = NOW + 1000
    result: Any = None
    written: list[Any] = field(default_factory=list)

    async def write(self, _work: object, item: object) -> Any:
        self.written.append(item)
        return self.result


async def execute(document: str, context: FakeContext, **variables: Any) -> ExecutionResult:
    parsed = parse(document)
    assert validate(graphql_schema, parsed) == []
    # `execute` refuses a schema with @defer, used or not.
    result = experimental_execute_incrementally(
        graphql_schema, parsed, context_value=context, variable_values=variables
    )
    final = await result if isinstance(result, Awaitable) else result
    assert isinstance(final, ExecutionResult)
    return final


async def execute_ok(document: str, context: FakeContext, **variables: Any) -> Any:
    result = await execute(document, context, **variables)
    assert result.errors is None
    return result.data
