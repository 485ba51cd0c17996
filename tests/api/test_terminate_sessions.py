"""terminateSessions."""

import asyncio
from typing import Any, Final

import pytest

from tests.api.session_inputs import create_project, problem_paths, start_one_of_each_kind
from tests.api_client import ApiClient
from tests.factories import insert, session_row

TERMINATE: Final = """mutation($input: TerminateSessionsInput!) {
    terminateSessions(input: $input) { count problems { code message path } } }"""
ACTIVE: Final = "{ sessionStats { active } }"


async def terminate(api: ApiClient, **filter_: Any) -> dict[str, Any]:
    payload: dict[str, Any] = await api.execute(TERMINATE, input={"filter": filter_, "reason": "maintenance"})
    return payload


async def terminate_count(api: ApiClient, **filter_: Any) -> int:
    payload = await terminate(api, **filter_)
    assert payload["problems"] == []
    count: int = payload["count"]
    return count


async def active_count(api: ApiClient) -> int:
    count: int = (await api.execute(ACTIVE))["active"]
    return count


async def test_filter_selects_which_active_sessions_end(api: ApiClient) -> None:
    await create_project(api, "p")
    ids = await start_one_of_each_kind(api)
    other = await api.start_user("bob", projectId="p", path=["home"])
    await api.advance(10)
    assert await terminate_count(api, kinds=["USER"], projectIds=["default"]) == 1
    ended = await api.session(ids["user"], "elapsedSeconds visibleSeconds activities(last: 1) { nodes { type data } }")
    assert (ended["state"], ended["endReason"], ended["revision"], ended["visibleSeconds"]) == (
        *("ENDED", "TERMINATED", 2, 0),
    )
    (entry,) = ended["activities"]["nodes"]
    assert (entry["type"], entry["data"]) == ("TERMINATED", {"reason": "maintenance", "by": "local"})
    assert await active_count(api) == 5
    others: tuple[dict[str, Any], ...] = (
        {"ids": []},
        {"ids": [ids["user"]]},
        {"subjects": ["nobody"]},
        {"active": False},
    )
    for filter_ in others:
        assert await terminate_count(api, **filter_) == 0
    assert await terminate_count(api, pathPrefix=["home"]) == 1
    assert (await api.session(other["id"]))["endReason"] == "TERMINATED"


async def test_empty_filter_ends_all_active_sessions(api: ApiClient) -> None:
    await start_one_of_each_kind(api)
    scheduled = {"guide": 1, "name": "Later", "startTime": "2027-01-01T00:00:00Z"}
    later = await api.start_session("agenda", scheduled)
    assert await terminate_count(api) == 5
    assert (await active_count(api), await terminate_count(api)) == (0, 0)
    assert (await api.session(later["id"]))["state"] == "SCHEDULED"


async def test_lapsed_session_ends_as_expired_and_is_not_counted(api: ApiClient) -> None:
    lapsed, alive = await api.start_user(timeoutSeconds=10), await api.start_user("bob")
    await api.advance(10)
    assert await terminate_count(api) == 1
    assert (await api.session(alive["id"]))["endReason"] == "TERMINATED"
    await api.sweep()
    ended = await api.session(lapsed["id"], "activities { nodes { type } }")
    assert ended["endReason"] == "EXPIRED"
    assert [entry["type"] for entry in ended["activities"]["nodes"]] == ["STARTED", "EXPIRED"]


async def test_scheduled_session_that_has_begun_is_started_before_it_ends(api: ApiClient) -> None:
    talk = await api.start_session("agenda", {"guide": 1, "name": "Talk", "startTime": "2026-05-28T20:26:50Z"})
    await api.advance(20)
    assert await terminate_count(api) == 1
    assert await api.activity_types(talk["id"]) == ["SCHEDULED", "STARTED", "TERMINATED"]


async def test_one_call_ends_at_most_1000_sessions_oldest_first(api: ApiClient) -> None:
    now = api.clock.value
    rows = [
        session_row(started_at=now - 2000 + number, last_seen_at=now, expires_at=now + 9000) for number in range(1001)
    ]
    await insert(api.app.state.services.database, *rows)
    assert await terminate_count(api) == 1000
    newest = await api.execute("{ sessions(filter: {active: true}) { nodes { id } totalCount } }")
    assert newest == {"nodes": [{"id": rows[-1].id}], "totalCount": 1}
    assert [await terminate_count(api), await terminate_count(api)] == [1, 0]


async def test_concurrent_calls_end_each_session_once(api: ApiClient) -> None:
    ids = [(await api.start_user(f"user {number}"))["id"] for number in range(20)]
    counts = await asyncio.gather(*(terminate_count(api) for _ in range(3)))
    assert sum(counts) == 20
    for id_ in ids:
        assert await api.activity_types(id_) == ["STARTED", "TERMINATED"]


@pytest.mark.parametrize(
    ("input_", "paths"),
    [
        ({"filter": {}, "reason": ""}, ["input.reason"]),
        ({"filter": {}, "reason": "x" * 1025}, ["input.reason"]),
        ({"filter": {"ids": ["x"] * 501}, "reason": "x"}, ["input.filter.ids"]),
        (
            {"filter": {"ids": ["x"] * 501, "client": {"deviceIds": ["x"] * 501}}, "reason": ""},
            ["input.filter.ids", "input.filter.client.deviceIds", "input.reason"],
        ),
    ],
)
async def test_invalid_input_ends_no_session(api: ApiClient, input_: dict[str, Any], paths: list[str]) -> None:
    await api.start_user()
    payload = await api.execute(TERMINATE, input=input_)
    assert (payload["count"], problem_paths(payload)) == (0, paths)
    assert {problem["code"] for problem in payload["problems"]} == {"BAD_USER_INPUT"}
    assert await active_count(api) == 1


@pytest.mark.parametrize("input_", [{"reason": "x"}, {"filter": {}}, {"filter": None, "reason": "x"}, {}])
async def test_filter_and_reason_are_required(api: ApiClient, input_: dict[str, Any]) -> None:
    response = await api.http.post("/graphql", json={"query": TERMINATE, "variables": {"input": input_}})
    assert {error["extensions"]["code"] for error in response.json()["errors"]} == {"BAD_USER_INPUT"}


async def test_filter_may_name_what_subscriptions_refuse(api: ApiClient) -> None:
    await api.start_user()
    assert await terminate_count(api, seenBefore="2026-05-28T20:26:40Z") == 0
    assert await terminate_count(api, stoppedAfter="2020-01-01T00:00:00Z") == 0
    assert await terminate_count(api, states=["SCHEDULED", "ENDED"]) == 0
    assert await terminate_count(api, seenBefore="2026-05-28T20:26:41Z", visible=True) == 1
