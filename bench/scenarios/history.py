"""Statistics, counts and lists of a database with a long past, each asked by itself."""

import asyncio
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from bench.dataset.distributions import PROJECTS
from bench.harness import Ground
from bench.load_generator import LoadFailed, drive, encode_request
from bench.scenarios.base import Column, Reading, Row
from bench.servers import OURS, ROOT, Prepare, Server, ServerFailed

WITHIN: Final = 60.0
"""Seconds that an answer may take."""
MONTH: Final = timedelta(days=30)
BUCKET_SECONDS: Final = MONTH // 720 // timedelta(seconds=1)
"""Of each of 720 buckets."""

FIGURES: Final = {
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
LISTS: Final = {"page": "nodes { id kind subject startedAt }", "totalCount": "totalCount"}
ORDERS: Final = [f"{field} {way}" for field in ("ENDED_AT", "LAST_SEEN_AT", "CREATED_AT") for way in ("DESC", "ASC")]
"""Beside the usual one."""

ALL: Final[Mapping[str, dict[str, Any] | None]] = {"": None}
WIDE: Final[Mapping[str, dict[str, Any]]] = {
    ", a project": {"projectIds": [PROJECTS[0]]},
    ", a kind": {"kinds": ["USER"]},
}
STATES: Final[Mapping[str, dict[str, Any]]] = {", ended": {"states": ["ENDED"]}, ", active": {"active": True}}
UNINDEXED: Final[Mapping[str, dict[str, Any]]] = {", a language": {"client": {"languages": ["fr"]}}}
"""Of this no index knows: all rows are read."""


def statistic(selected: str) -> str:
    """The document that asks for one figure of the statistics."""
    window = "$from: DateTime!, $to: DateTime!, " if "$from" in selected else ""
    return f"query Past({window}$filter: SessionFilter) {{ sessionStats(filter: $filter) {{ {selected} }} }}"


def listed(selected: str, order: str = "STARTED_AT DESC") -> str:
    """The document that asks for the first fifty of a list, or how long it is."""
    field, direction = order.split()
    by = f"orderBy: [{{ field: {field}, direction: {direction} }}]"
    return f"query Past($filter: SessionFilter) {{ sessions(filter: $filter, {by}) {{ {selected} }} }}"


def questions() -> dict[str, tuple[str, dict[str, Any]]]:
    """What is asked, by its name in the table: documents with their variables."""
    now = datetime.now(UTC)
    window = {"from": text(now - MONTH), "to": text(now)}
    asked: dict[str, tuple[str, dict[str, Any]]] = {}
    for called, filter_ in {**ALL, **WIDE, **UNINDEXED}.items():
        for name, selected in FIGURES.items():
            variables = window if "$from" in selected else {}
            asked[name + called] = statistic(selected), {**variables, "filter": filter_}
    for called, filter_ in {**ALL, **WIDE, **STATES, **UNINDEXED}.items():
        for name, selected in LISTS.items():
            asked[name + called] = listed(selected), {"filter": filter_}
    for order in ORDERS:
        for called, filter_ in {**ALL, **WIDE, **STATES}.items():
            asked[f"page by {order}{called}"] = listed(LISTS["page"], order), {"filter": filter_}
    return asked


def text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


class Past:
    """Ours alone: nobody else has these statistics. `first ms` is the first answer, `ms` the later ones."""

    name = "past"
    title = "statistics and lists of a long past, each by itself"
    case = "question"
    columns = (Column("ms"), Column("first ms"))
    less_is_better = True

    async def rows(self, ground: Ground) -> Sequence[Row]:
        async with ground.prepared(OURS, making(ground.effort.past)) as server:
            return [
                Row(server.name, name, await _readings(server, ground.effort.runs, *asked))
                for name, asked in questions().items()
            ]


def making(sessions: int) -> Prepare:
    """What makes a database with so many sessions. Raises ServerFailed."""

    async def make(file: Path) -> None:
        command = [sys.executable, "-m", "bench.dataset", str(file), "--sessions", str(sessions)]
        process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.DEVNULL)
        if await process.wait() != 0:
            raise ServerFailed("the database could not be made")

    return make


async def _readings(server: Server, runs: int, document: str, variables: dict[str, Any]) -> Sequence[Reading]:
    request = encode_request(server.port, document, variables)
    first, *others = [await _milliseconds(server, request) for _ in range(runs + 1)]
    return [(other, first) for other in others]


async def _milliseconds(server: Server, request: bytes) -> float:
    sample = await drive(server.port, [[request]], accepts, WITHIN)
    if not sample.latencies:
        raise LoadFailed(f"{server.name} did not answer what it was asked")
    return 1000 * sample.latencies[0]


def accepts(body: bytes) -> bool:
    """Whether it is an answer without errors."""
    return body.startswith(b'{"data"') and b'"errors"' not in body
