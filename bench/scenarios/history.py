"""Statistics, counts and lists of a database with a long past, each asked by itself."""

import asyncio
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from bench.dataset.distributions import PROJECTS
from bench.harness import Harness
from bench.load_generator import LoadFailed, encode_request, run_closed_loop
from bench.scenarios.base import Column, Row, Sample
from bench.servers import ROOT, SESSION_GRAPH, DatabaseFactory, Server, ServerFailed

TIMEOUT_SECONDS: Final = 60.0
"""Seconds that an answer may take."""
MONTH: Final = timedelta(days=30)
BUCKET_SECONDS: Final = MONTH // 720 // timedelta(seconds=1)
"""Of each of 720 buckets."""

STATS_SELECTIONS: Final = {
    "total": "total",
    "active": "active",
    "visible": "visible",
    "seenWithin 1": "seenWithin(minutes: 1)",
    "seenWithin 5": "seenWithin(minutes: 5)",
    "seenWithin 30": "seenWithin(minutes: 30)",
    "elapsedSeconds": "elapsedSeconds { count sum mean min max }",
    "visibleSeconds": "visibleSeconds { count sum mean min max }",
    "byKind": "byKind { key total active visible visibleSeconds }",
    "byProject": "byProject { key total active visible visibleSeconds }",
    "bySubject": "bySubject { key total active visible visibleSeconds }",
    "byPath": "byPath { path sessions activeNow visibleSeconds }",
    "byPath, 2 deep": "byPath(depth: 2) { path sessions activeNow visibleSeconds }",
    "byEndReason": "byEndReason { key total active visible visibleSeconds }",
    "series, a month": f"series(from: $from, to: $to, bucketSeconds: {BUCKET_SECONDS}) {{ at active started ended }}",
}
LIST_SELECTIONS: Final = {"page": "nodes { id kind subject startedAt }", "totalCount": "totalCount"}
ORDERINGS: Final = [f"{field} {way}" for field in ("ENDED_AT", "LAST_SEEN_AT", "CREATED_AT") for way in ("DESC", "ASC")]
"""Beside the usual one."""

NO_FILTER: Final[Mapping[str, dict[str, Any] | None]] = {"": None}
BROAD_FILTERS: Final[Mapping[str, dict[str, Any]]] = {
    ", a project": {"projectIds": [PROJECTS[0]]},
    ", a kind": {"kinds": ["USER"]},
}
STATE_FILTERS: Final[Mapping[str, dict[str, Any]]] = {", ended": {"states": ["ENDED"]}, ", active": {"active": True}}
UNINDEXED_FILTERS: Final[Mapping[str, dict[str, Any]]] = {", a language": {"client": {"languages": ["fr"]}}}
"""Of this no index knows: all rows are read."""


def stats_document(selected: str) -> str:
    """The document that asks for one figure of the statistics."""
    window = "$from: DateTime!, $to: DateTime!, " if "$from" in selected else ""
    return f"query Past({window}$filter: SessionFilter) {{ sessionStats(filter: $filter) {{ {selected} }} }}"


def list_document(selected: str, order: str = "STARTED_AT DESC") -> str:
    """The document that asks for the first fifty of a list, or how long it is."""
    field, direction = order.split()
    by = f"orderBy: [{{ field: {field}, direction: {direction} }}]"
    return f"query Past($filter: SessionFilter) {{ sessions(filter: $filter, {by}) {{ {selected} }} }}"


def build_queries() -> dict[str, tuple[str, dict[str, Any]]]:
    """What is asked, by its name in the table: documents with their variables."""
    now = datetime.now(UTC)
    window = {"from": to_rfc3339(now - MONTH), "to": to_rfc3339(now)}
    queries: dict[str, tuple[str, dict[str, Any]]] = {}
    for suffix, filter_ in {**NO_FILTER, **BROAD_FILTERS, **UNINDEXED_FILTERS}.items():
        for name, selected in STATS_SELECTIONS.items():
            variables = window if "$from" in selected else {}
            queries[name + suffix] = stats_document(selected), {**variables, "filter": filter_}
    for suffix, filter_ in {**NO_FILTER, **BROAD_FILTERS, **STATE_FILTERS, **UNINDEXED_FILTERS}.items():
        for name, selected in LIST_SELECTIONS.items():
            queries[name + suffix] = list_document(selected), {"filter": filter_}
    for order in ORDERINGS:
        for suffix, filter_ in {**NO_FILTER, **BROAD_FILTERS, **STATE_FILTERS}.items():
            queries[f"page by {order}{suffix}"] = list_document(LIST_SELECTIONS["page"], order), {"filter": filter_}
    return queries


def to_rfc3339(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


class History:
    """Ours alone: nobody else has these statistics. `first ms` is the first answer, `ms` the later ones."""

    name = "past"
    title = "statistics and lists of a long past, each by itself"
    case = "question"
    columns = (Column("ms"), Column("first ms"))
    lower_is_better = True

    async def rows(self, harness: Harness) -> Sequence[Row]:
        async with harness.server_with_database(
            SESSION_GRAPH, history_database(harness.effort.history_sessions)
        ) as server:
            return [
                Row(server.name, name, await _measure(server, harness.effort.runs, *asked))
                for name, asked in build_queries().items()
            ]


def history_database(sessions: int) -> DatabaseFactory:
    """What makes a database with so many sessions. Raises ServerFailed."""

    async def create(file: Path) -> None:
        command = [sys.executable, "-m", "bench.dataset", str(file), "--sessions", str(sessions)]
        process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.DEVNULL)
        if await process.wait() != 0:
            raise ServerFailed("the database could not be made")

    return create


async def _measure(server: Server, runs: int, document: str, variables: dict[str, Any]) -> Sequence[Sample]:
    request = encode_request(server.port, document, variables)
    first, *others = [await _response_ms(server, request) for _ in range(runs + 1)]
    return [(other, first) for other in others]


async def _response_ms(server: Server, request: bytes) -> float:
    result = await run_closed_loop(server.port, [[request]], is_valid, TIMEOUT_SECONDS)
    if not result.latencies:
        raise LoadFailed(f"{server.name} did not answer what it was asked")
    return 1000 * result.latencies[0]


def is_valid(body: bytes) -> bool:
    """Whether it is an answer without errors."""
    return body.startswith(b'{"data"') and b'"errors"' not in body
