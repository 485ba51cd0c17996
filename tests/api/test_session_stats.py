"""sessionStats: every figure of it, over a small set that can be counted by hand."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from graphql import GraphQLObjectType

from models.database import MAX_HEAVY_READS
from resolvers.stats import queries
from schema import graphql_schema
from tests.api.session_inputs import MINIMAL_INPUTS, create_project
from tests.api_client import ApiClient, open_api
from tests.database.harness import run_endless_query
from tests.polling import TIMEOUT_SECONDS

ALL_STATS = """query($filter: SessionFilter) { sessionStats(filter: $filter) {
    total active visible one: seenWithin(minutes: 1)
    three: seenWithin(minutes: 3) elapsedSeconds { count sum mean min max } visibleSeconds { count sum mean min max }
    byKind { key total active visible visibleSeconds } byProject { key total active }
    bySubject { key total visible } byPath(depth: 1) { path sessions activeNow visibleSeconds }
    deep: byPath(depth: 2, first: 2) { path sessions activeNow visibleSeconds } byEndReason { key total }
    series(from: "2026-05-28T20:26:40Z", to: "2026-05-28T20:30:40Z", bucketSeconds: 60) {
        at active started ended } } }"""


@pytest.fixture
async def counted(api: ApiClient) -> dict[str, Any]:
    """The figures after four minutes in which five sessions began and two ended."""
    await create_project(api, "p")
    ann = await api.start_user("ann", path=["shop", "cart"])  # 0:00
    await api.start_user("bob", path=["shop", "list"], timeoutSeconds=60)  # 0:00, ends at 1:00 unheard
    await api.advance(60)
    await api.mutate("keepaliveSession", {"id": ann["id"], "path": ["home"]})
    form = await api.start_session("field", MINIMAL_INPUTS["field"], projectId="p")  # 1:00
    await api.advance(60)
    app = await api.start_session("client", {"clientSystem": "iOS", "deviceId": "ann"}, visible=False)  # 2:00
    await api.advance(30)
    await api.mutate("stopSession", {"id": form["id"]})  # 2:30
    await api.advance(90)
    await api.mutate("hideSession", {"id": app["id"]})  # 4:00
    figures: dict[str, Any] = await api.execute(ALL_STATS)
    return figures


async def test_totals_are_counted(counted: dict[str, Any]) -> None:
    assert (counted["total"], counted["active"], counted["visible"]) == (4, 2, 1)
    assert (counted["one"], counted["three"]) == (1, 2)


async def test_durations_are_aggregated(counted: dict[str, Any]) -> None:
    # ann 240 so far, bob heard at his start only, the form 90, the app 120.
    assert counted["elapsedSeconds"] == {"count": 4, "sum": 450, "mean": 112.5, "min": 0, "max": 240}
    assert counted["visibleSeconds"] == {"count": 4, "sum": 150, "mean": 37.5, "min": 0, "max": 90}


async def test_groups_are_sorted_by_size(counted: dict[str, Any]) -> None:
    assert [tuple(group.values()) for group in counted["byKind"]] == [
        ("USER", 2, 1, 1, 60),
        ("CLIENT", 1, 1, 0, 0),
        ("FIELD", 1, 0, 0, 90),
    ]
    assert [tuple(group.values()) for group in counted["byProject"]] == [("default", 3, 2), ("p", 1, 0)]
    assert [tuple(group.values()) for group in counted["bySubject"]] == [("ann", 2, 1), ("bob", 1, 0), ("u1", 1, 0)]
    assert counted["byEndReason"] == [{"key": "EXPIRED", "total": 1}, {"key": "STOPPED", "total": 1}]


async def test_paths_are_grouped_by_depth(counted: dict[str, Any]) -> None:
    by_path = {tuple(entry["path"]): tuple(entry.values())[1:] for entry in counted["byPath"]}
    assert by_path[("shop",)] == (1, 0, 60)
    assert by_path[("home",)] == (1, 1, 0)
    assert by_path[()] == (2, 1, 90)
    assert [entry["path"] for entry in counted["deep"]] == [[], ["home"]]


async def test_series_counts_active_started_and_ended(counted: dict[str, Any]) -> None:
    assert [tuple(bucket.values())[1:] for bucket in counted["series"]] == [(2, 2, 0), (2, 1, 1), (3, 1, 1), (2, 0, 0)]
    assert [bucket["at"][14:19] for bucket in counted["series"]] == ["26:40", "27:40", "28:40", "29:40"]


async def test_filtered_total_equals_filtered_list(api: ApiClient, counted: dict[str, Any]) -> None:
    assert counted["total"] == 4
    filters: list[dict[str, Any]] = [{"active": True}, {"user": {}}, {"projectIds": ["p"]}, {"kinds": []}]
    for filter_ in filters:
        figures = await api.execute(ALL_STATS, filter=filter_)
        listed = await api.execute(
            "query($filter: SessionFilter) { sessions(filter: $filter) { totalCount } }", filter=filter_
        )
        assert figures["total"] == listed["totalCount"] == sum(group["total"] for group in figures["byKind"])


async def test_stats_of_no_sessions_are_empty(api: ApiClient) -> None:
    figures = await api.execute(ALL_STATS)
    assert figures["elapsedSeconds"] == {"count": 0, "sum": 0, "mean": None, "min": None, "max": None}
    assert (figures["total"], figures["byKind"], figures["byPath"], figures["byEndReason"]) == (0, [], [], [])
    assert [bucket["active"] for bucket in figures["series"]] == [0, 0, 0, 0]


async def test_500_groups_can_be_requested(api: ApiClient) -> None:
    document = (
        "{ sessionStats { byProject(first: 500) { key } bySubject(first: 500) { key } byPath(first: 500) { path } } }"
    )
    assert await api.execute(document) == {"byProject": [], "bySubject": [], "byPath": []}
    assert await api.execute("{ sessionStats { bySubject(first: null) { key } } }") == {"bySubject": []}


async def test_stats_query_is_cancelled_after_timeout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_api(tmp_path / "test.db", limits={"operation_seconds": 0.2}) as api:
        monkeypatch.setattr(queries, "total", run_endless_query)
        document = "{ sessionStats { " + " ".join(f"t{number}: total" for number in range(6)) + " } }"
        assert await api.error_code(document) == "TIMEOUT"
        # Connections that were busy with it are free for what comes next.
        database = api.app.state.services.database
        async with asyncio.timeout(TIMEOUT_SECONDS):
            counts = await asyncio.gather(
                *(database.read_heavy(queries.active_by_kind, 0) for _ in range(2 * MAX_HEAVY_READS))
            )
        assert len(counts) == 2 * MAX_HEAVY_READS


def test_every_stats_field_is_queried() -> None:
    stats = graphql_schema.type_map["SessionStats"]
    assert isinstance(stats, GraphQLObjectType)
    assert [name for name in stats.fields if name not in ALL_STATS] == []
