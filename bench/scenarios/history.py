"""The history scenario: statistics, counts and lists over many ended sessions, each query by itself."""

import asyncio
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, TypeAlias

from bench.dataset.distributions import PROJECTS, VIEWS
from bench.dataset.generate import ACTIVE_SHARE
from bench.harness import Harness
from bench.load_generator import LoadFailed, encode_request, run_closed_loop
from bench.peers import SESSION_GRAPH
from bench.scenarios.base import Row
from bench.servers import ROOT, DatabaseFactory, Server, ServerFailed
from resolvers.stats.queries import GROUP_KEYS

TIMEOUT_SECONDS: Final = 60.0
MONTH: Final = timedelta(days=30)
BUCKET_SECONDS: Final = MONTH // 720 // timedelta(seconds=1)
HALF_YEAR_BUCKET_SECONDS: Final = 6 * MONTH // 2000 // timedelta(seconds=1)
_COUNTS: Final = "total active visible visibleSeconds"
_BUCKET: Final = "at active peak started ended"
_PATHS: Final = "path sessions activeNow visibleSeconds"

STATS_SELECTIONS: Final = {
    "total": "total",
    "active": "active",
    "visible": "visible",
    **{f"seenWithin {minutes}": f"seenWithin(minutes: {minutes})" for minutes in (1, 5, 30)},
    **{name: f"{name} {{ count sum mean min max }}" for name in ("elapsedSeconds", "visibleSeconds")},
    "byKind": f"byKind {{ kind {_COUNTS} }}",
    "byProject": f"byProject {{ projectId {_COUNTS} }}",
    "bySubject": f"bySubject {{ subject {_COUNTS} }}",
    "byPath": f"byPath {{ {_PATHS} }}",
    "byPath, 2 deep": f"byPath(depth: 2) {{ {_PATHS} }}",
    "byEndReason": "byEndReason { reason total visibleSeconds }",
    **{name: name for name in ("subjects", "activeSubjects")},
    **{f"groupBy {name}": f"groupBy(field: {name}) {{ value {_COUNTS} }}" for name in GROUP_KEYS},
    "series of a month": f"series(from: $from, to: $to, bucketSeconds: {BUCKET_SECONDS}) {{ {_BUCKET} }}",
    "series of half a year": f"recentSeries(buckets: 2000, bucketSeconds: {HALF_YEAR_BUCKET_SECONDS}) {{ {_BUCKET} }}",
    "recentSeries": f"recentSeries {{ {_BUCKET} }}",
}
LIST_SELECTIONS: Final = {"page": "nodes { id kind subject startedAt }", "totalCount": "totalCount"}
ORDERINGS: Final = [f"{field} {way}" for field in ("ENDED_AT", "LAST_SEEN_AT", "CREATED_AT") for way in ("DESC", "ASC")]
"""Orderings other than the default."""

Filters: TypeAlias = dict[str, dict[str, Any] | None]
BROAD_FILTERS: Final[Filters] = {
    "": None,
    ", a project": {"projectIds": [PROJECTS[0]]},
    ", a kind": {"kinds": ["USER"]},
    ", under a path": {"pathPrefix": [VIEWS[0]]},
}
TIME_FILTER: Final = ", a month"
"""Of sessions that have started within it."""
STATE_FILTERS: Final[Filters] = {", ended": {"states": ["ENDED"]}, ", active": {"active": True}}
UNINDEXED_FILTERS: Final[Filters] = {", a language": {"client": {"languages": ["fr"]}}}
"""No index covers them: all rows are read."""


async def measure_history(harness: Harness) -> Sequence[Row]:
    """Measure each query's first response, and the later ones. The baseline has no such queries."""
    create_database = dataset_database(harness.config.history_sessions)
    async with harness.new_server(SESSION_GRAPH, create_database=create_database) as server:
        rows = []
        for name, (document, variables) in build_queries().items():
            request = encode_request(server.port, document, variables)
            first, *others = [await _response_ms(server, request) for _ in range(harness.config.runs + 1)]
            rows.append(Row(server.name, name, [(other, first) for other in others], filter_of(name)))
        return rows


def filter_of(name: str) -> str:
    """Return the end of a query's name that stands for its filter."""
    suffixes = [*BROAD_FILTERS, *STATE_FILTERS, *UNINDEXED_FILTERS, TIME_FILTER]
    return max((suffix for suffix in suffixes if name.endswith(suffix)), key=len)


def build_queries() -> dict[str, tuple[str, dict[str, Any]]]:
    """Build documents with variables, by their name in the table."""
    now = datetime.now(UTC)
    window = {"from": f"{now - MONTH:%Y-%m-%dT%H:%M:%SZ}", "to": f"{now:%Y-%m-%dT%H:%M:%SZ}"}
    time_filter: Filters = {TIME_FILTER: {"startedAfter": window["from"]}}
    queries: dict[str, tuple[str, dict[str, Any]]] = {}
    for suffix, filter_ in (BROAD_FILTERS | UNINDEXED_FILTERS | time_filter).items():
        for name, selection in STATS_SELECTIONS.items():
            variables = window if "$from" in selection else {}
            queries[name + suffix] = _stats_document(selection), {**variables, "filter": filter_}
    for suffix, filter_ in (BROAD_FILTERS | STATE_FILTERS | UNINDEXED_FILTERS | time_filter).items():
        for name, selection in LIST_SELECTIONS.items():
            queries[name + suffix] = _list_document(selection), {"filter": filter_}
    for ordering in ORDERINGS:
        for suffix, filter_ in (BROAD_FILTERS | STATE_FILTERS).items():
            document = _list_document(LIST_SELECTIONS["page"], ordering)
            queries[f"page by {ordering}{suffix}"] = document, {"filter": filter_}
    return queries


def _stats_document(selection: str) -> str:
    window = "$from: DateTime!, $to: DateTime!, " if "$from" in selection else ""
    return f"query History({window}$filter: SessionFilter) {{ sessionStats(filter: $filter) {{ {selection} }} }}"


def _list_document(selection: str, ordering: str = "STARTED_AT DESC") -> str:
    field, direction = ordering.split()
    order_by = f"orderBy: [{{ field: {field}, direction: {direction} }}]"
    return f"query History($filter: SessionFilter) {{ sessions(filter: $filter, {order_by}) {{ {selection} }} }}"


def dataset_database(sessions: int, active_share: float = ACTIVE_SHARE) -> DatabaseFactory:
    """Return a function that creates a database with so many sessions. It raises ServerFailed."""

    async def create(file: Path) -> None:
        command = [sys.executable, "-m", "bench.dataset", str(file), "--sessions", str(sessions)]
        command += ["--active-share", str(active_share)]
        process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.DEVNULL)
        if await process.wait() != 0:
            raise ServerFailed("the database could not be created")

    return create


async def _response_ms(server: Server, request: bytes) -> float:
    result = await run_closed_loop(server.port, [[request]], is_valid, TIMEOUT_SECONDS)
    if not result.latencies:
        raise LoadFailed(f"{server.name} answered a query with an error")
    return 1000 * result.latencies[0]


def is_valid(body: bytes) -> bool:
    return body.startswith(b'{"data"') and b'"errors"' not in body
