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
    total active visible subjects activeSubjects one: seenWithin(minutes: 1)
    three: seenWithin(minutes: 3) elapsedSeconds { count sum mean min max } visibleSeconds { count sum mean min max }
    byKind { kind total active visible visibleSeconds } byProject { projectId project { name } total active }
    bySubject { subject total visible } byPath(depth: 1) { path sessions activeNow visibleSeconds }
    deep: byPath(depth: 2, first: 2) { path sessions activeNow visibleSeconds } byEndReason { reason total }
    groupBy(field: USERNAME, orderBy: VISIBLE_SECONDS) { value total active visible visibleSeconds }
    series(from: "2026-05-28T20:26:40Z", to: "2026-05-28T20:30:40Z", bucketSeconds: 60) {
        at active peak started ended }
    recentSeries(buckets: 3, bucketSeconds: 120) { at active peak started ended } } }"""


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
    assert rows(stats["byProject"]) == [("default", {"name": "default"}, 3, 2), ("p", {"name": "p"}, 1, 0)]
    assert rows(stats["bySubject"]) == [("ann", 2, 1), ("bob", 1, 0), ("u1", 1, 0)]
    assert rows(stats["byEndReason"]) == [("EXPIRED", 1), ("STOPPED", 1)]
    by_path = {tuple(path): counts for path, *counts in rows(stats["byPath"])}
    assert (by_path[("shop",)], by_path[("home",)], by_path[()]) == ([1, 0, 60], [1, 1, 0], [2, 1, 90])
    assert [entry["path"] for entry in stats["deep"]] == [[], ["home"]]
    assert [row[1:] for row in rows(stats["series"])] == [(2, 2, 2, 0), (2, 2, 1, 1), (3, 3, 1, 1), (2, 2, 0, 0)]
    assert [bucket["at"][14:19] for bucket in stats["series"]] == ["26:40", "27:40", "28:40", "29:40"]
    # Now is 20:30:40; bob ended at 20:27:40, before the form started in the same millisecond.
    recent = [(bucket.pop("at")[11:19], *bucket.values()) for bucket in stats["recentSeries"]]
    assert recent == [("20:26:00", 3, 2, 3, 1), ("20:28:00", 3, 3, 1, 1), ("20:30:00", 2, 2, 0, 0)]
    assert (stats["subjects"], stats["activeSubjects"]) == (4, 2)  # ann, the user, and ann, the device, differ
    assert rows(stats["groupBy"]) == [("ann", 1, 1, 1, 60), ("bob", 1, 0, 0, 0)]
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
    assert (stats["subjects"], stats["activeSubjects"], stats["groupBy"]) == (0, 0, [])
    assert [(bucket["active"], bucket["peak"]) for bucket in stats["series"] + stats["recentSeries"]] == [(0, 0)] * 7


GROUP_BY = """query($field: SessionGroupField!, $orderBy: StatsOrder, $first: Int) { sessionStats {
    groupBy(field: $field, orderBy: $orderBy, first: $first) { value total } } }"""


async def group_by(api: ApiClient, field: str, order_by: str | None = None, first: int | None = None) -> dict[str, int]:
    found = await api.execute(GROUP_BY, field=field, orderBy=order_by, first=first)
    return {group["value"]: group["total"] for group in found["groupBy"]}


async def test_each_group_field_groups_by_its_value(api: ApiClient) -> None:
    for kind, variant in MINIMAL_INPUTS.items():
        await api.start_session(kind, variant)
    await api.start_session("agenda", MINIMAL_INPUTS["agenda"] | {"guide": 10, "scheduleTracks": [3, 12, 3]})
    assert await group_by(api, "CLIENT_SYSTEM") == {MINIMAL_INPUTS["client"]["clientSystem"]: 1}
    assert await group_by(api, "LANGUAGE") == {"en": 1}
    assert await group_by(api, "GUIDE") == {str(MINIMAL_INPUTS["agenda"]["guide"]): 1, "10": 1}
    assert list(await group_by(api, "SCHEDULE_TRACK")) == ["12", "3"]  # sorted as text
    assert await group_by(api, "MEDIA_ID") == {MINIMAL_INPUTS["media"]["mediaId"]: 1}
    assert await group_by(api, "CHANNEL") == {MINIMAL_INPUTS["media"]["channel"]: 1}
    assert await group_by(api, "CONTENT_TYPE") == {MINIMAL_INPUTS["media"]["contentType"]: 1}
    assert await group_by(api, "PLAYER_STATE") == {"STARTING": 1}
    assert await group_by(api, "UNIT_ID") == {MINIMAL_INPUTS["field"]["unitId"]: 1}
    assert len(await group_by(api, "USERNAME")) == 1


async def test_groups_are_sorted_by_requested_measure(api: ApiClient) -> None:
    for name, count in (("a", 3), ("b", 2), ("c", 1)):
        sessions = [await api.start_user(name) for _ in range(count)]
        for session in sessions[: count - 1] if name != "b" else []:
            await api.mutate("stopSession", {"id": session["id"]})
    await api.advance(10)
    keepalive = await api.start_user("c")
    await api.advance(10)
    await api.mutate("keepaliveSession", {"id": keepalive["id"]})
    assert list(await group_by(api, "USERNAME")) == ["a", "b", "c"]
    assert list(await group_by(api, "USERNAME", "TOTAL", 1)) == ["a"]
    assert list(await group_by(api, "USERNAME", "ACTIVE")) == ["b", "c", "a"]
    assert list(await group_by(api, "USERNAME", "VISIBLE_SECONDS")) == ["c", "a", "b"]


async def test_arguments_out_of_bounds_are_refused_in_words_of_the_caller(api: ApiClient) -> None:
    for selected, message in {
        "groupBy(field: GUIDE, first: 0) { value }": "first: must be 1 to 500, not 0",
        "recentSeries(buckets: 2001) { at }": "buckets: must be 1 to 2000, not 2001",
        "recentSeries(bucketSeconds: 0) { at }": "bucketSeconds: must be 1 to 31622400, not 0",
        "byPath(depth: 9) { path }": "depth: must be 1 to 8, not 9",
        "seenWithin(minutes: 0)": "minutes: must be 1 to 527040, not 0",
    }.items():
        (error,) = (await api.post(f"{{ sessionStats {{ {selected} }} }}"))["errors"]
        assert (error["message"], error["extensions"]["code"]) == (message, "BAD_USER_INPUT")


async def test_widest_recent_series_begins_within_the_range_of_instants(api: ApiClient) -> None:
    widest = "{ sessionStats { recentSeries(buckets: 2000, bucketSeconds: 31622400) { at } } }"
    buckets = (await api.execute(widest))["recentSeries"]
    assert (len(buckets), buckets[0]["at"][:4]) == (2000, "0022")


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
