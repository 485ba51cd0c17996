"""sessionStats."""

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
    byKind { kind total active visible visibleSeconds } byProject { projectId total active }
    bySubject { subject total visible } byPath(depth: 1) { path sessions activeNow visibleSeconds }
    deep: byPath(depth: 2, first: 2) { path sessions activeNow visibleSeconds } byEndReason { reason total }
    series(from: "2026-05-28T20:26:40Z", to: "2026-05-28T20:30:40Z", bucketSeconds: 60) {
        at active started ended } } }"""


async def fill(api: ApiClient) -> None:
    """Start four sessions within four minutes; two end."""
    await create_project(api, "p")
    ann = await api.start_user("ann", path=["shop", "cart"])  # 0:00
    await api.start_user("bob", path=["shop", "list"], timeoutSeconds=60)  # 0:00, expires at 1:00
    await api.advance(60)
    await api.mutate("keepaliveSession", {"id": ann["id"], "path": ["home"]})
    form = await api.start_session("field", MINIMAL_INPUTS["field"], projectId="p")  # 1:00
    await api.advance(60)
    app = await api.start_session("client", {"clientSystem": "iOS", "deviceId": "ann"}, visible=False)  # 2:00
    await api.advance(30)
    await api.mutate("stopSession", {"id": form["id"]})  # 2:30
    await api.advance(90)
    await api.mutate("hideSession", {"id": app["id"]})  # 4:00


def rows(entries: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [tuple(entry.values()) for entry in entries]


async def test_stats_of_small_set_equal_hand_count(api: ApiClient) -> None:
    await fill(api)
    stats = await api.execute(ALL_STATS)
    assert (stats["total"], stats["active"], stats["visible"], stats["one"], stats["three"]) == (4, 2, 1, 1, 2)
    # ann 240 s so far, bob 0 s (his only heartbeat was the start), the form 90 s, the app 120 s.
    assert stats["elapsedSeconds"] == {"count": 4, "sum": 450, "mean": 112.5, "min": 0, "max": 240}
    assert stats["visibleSeconds"] == {"count": 4, "sum": 150, "mean": 37.5, "min": 0, "max": 90}
    assert rows(stats["byKind"]) == [("USER", 2, 1, 1, 60), ("CLIENT", 1, 1, 0, 0), ("FIELD", 1, 0, 0, 90)]
    assert rows(stats["byProject"]) == [("default", 3, 2), ("p", 1, 0)]
    assert rows(stats["bySubject"]) == [("ann", 2, 1), ("bob", 1, 0), ("u1", 1, 0)]
    assert rows(stats["byEndReason"]) == [("EXPIRED", 1), ("STOPPED", 1)]
    by_path = {tuple(path): counts for path, *counts in rows(stats["byPath"])}
    assert (by_path[("shop",)], by_path[("home",)], by_path[()]) == ([1, 0, 60], [1, 1, 0], [2, 1, 90])
    assert [entry["path"] for entry in stats["deep"]] == [[], ["home"]]
    assert [row[1:] for row in rows(stats["series"])] == [(2, 2, 0), (2, 1, 1), (3, 1, 1), (2, 0, 0)]
    assert [bucket["at"][14:19] for bucket in stats["series"]] == ["26:40", "27:40", "28:40", "29:40"]
    count = "query($filter: SessionFilter) { sessions(filter: $filter) { totalCount } }"
    filters: list[dict[str, Any]] = [{"active": True}, {"user": {}}, {"projectIds": ["p"]}, {"kinds": []}]
    for filter_ in filters:
        stats = await api.execute(ALL_STATS, filter=filter_)
        listed = (await api.execute(count, filter=filter_))["totalCount"]
        assert stats["total"] == listed == sum(group["total"] for group in stats["byKind"]), filter_


async def test_scheduled_session_does_not_count_as_visible(api: ApiClient) -> None:
    agenda = MINIMAL_INPUTS["agenda"] | {"startTime": "2026-05-29T00:00:00Z"}
    item = await api.start_session("agenda", agenda)
    shown = await api.execute("{ sessions(filter: {visible: true}) { nodes { id state visible } } }")
    assert shown["nodes"] == [{"id": item["id"], "state": "SCHEDULED", "visible": True}]
    stats = await api.execute("{ sessionStats { total active visible byKind { kind total active visible } } }")
    assert stats == {
        "total": 1,
        "active": 0,
        "visible": 0,
        "byKind": [{"kind": "AGENDA", "total": 1, "active": 0, "visible": 0}],
    }
    await api.advance(86_400)
    stats = await api.execute("{ sessionStats { active visible byKind { kind total active visible } } }")
    assert stats == {"active": 1, "visible": 1, "byKind": [{"kind": "AGENDA", "total": 1, "active": 1, "visible": 1}]}


async def test_stats_of_no_sessions_are_empty(api: ApiClient) -> None:
    stats = await api.execute(ALL_STATS)
    assert stats["elapsedSeconds"] == {"count": 0, "sum": 0, "mean": None, "min": None, "max": None}
    assert (stats["total"], stats["byKind"], stats["byPath"], stats["byEndReason"]) == (0, [], [], [])
    assert [bucket["active"] for bucket in stats["series"]] == [0, 0, 0, 0]


async def test_500_groups_can_be_requested(api: ApiClient) -> None:
    groups = "byProject(first: 500) { projectId } bySubject(first: 500) { subject } byPath(first: 500) { path }"
    assert await api.execute(f"{{ sessionStats {{ {groups} }} }}") == {"byProject": [], "bySubject": [], "byPath": []}
    assert await api.execute("{ sessionStats { bySubject(first: null) { subject } } }") == {"bySubject": []}


async def test_stats_query_is_cancelled_after_timeout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_api(tmp_path / "test.db", limits={"operation_seconds": 0.2}) as api:
        monkeypatch.setattr(queries, "total", run_endless_query)
        document = "{ sessionStats { " + " ".join(f"t{number}: total" for number in range(6)) + " } }"
        assert await api.error_code(document) == "TIMEOUT"
        # The connections of the cancelled queries are free again.
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
