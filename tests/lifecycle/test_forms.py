"""Ends of FIELD sessions: a form is complete once nothing more is saved."""

from pathlib import Path
from typing import Any

from models.clock import HOUR
from tests.api.session_inputs import create_project, problem_codes, timeouts
from tests.api_client import EPOCH, ApiClient, FakeClock, open_api

FIELDS = "endedAt expiresAt elapsedSeconds visibleSeconds timeoutSeconds"
STATS = """{ sessionStats { total active elapsedSeconds { sum } byEndReason { reason total } } }"""


async def start_form(api: ApiClient, fields: str = FIELDS, **common: Any) -> dict[str, Any]:
    return await api.start_session("field", {"unitId": "u1"}, fields, **common)


async def save(api: ApiClient, session: dict[str, Any], name: str = "a") -> dict[str, Any]:
    return await api.mutate("saveFieldData", {"id": session["id"], "data": [{"name": name, "value": "1"}]}, FIELDS)


async def test_form_completes_30_minutes_after_the_last_save(api: ApiClient) -> None:
    payload = await api.start_payload("field", {"unitId": "u1"}, FIELDS)
    session = payload["session"]
    assert (payload["keepaliveSeconds"], session["timeoutSeconds"]) == (120, 1800)
    await api.advance(1000)
    saved = await save(api, session)
    assert (saved["session"]["expiresAt"], saved["session"]["visibleSeconds"]) == ("2026-05-28T21:13:20.000Z", 1000)
    await api.advance(1799.999)
    assert (await api.session(session["id"]))["state"] == "ACTIVE"
    await api.advance(0.001)
    ended = await api.session(session["id"], FIELDS)
    assert (ended["state"], ended["endReason"], ended["visible"]) == ("ENDED", "COMPLETED", False)
    assert (ended["endedAt"], ended["elapsedSeconds"]) == ("2026-05-28T21:13:20.000Z", 2800)
    assert (ended["visibleSeconds"], ended["expiresAt"]) == (1000, None)


async def test_completion_of_form_is_announced_once(api: ApiClient) -> None:
    session = await start_form(api)
    await api.advance(5000)
    for _ in range(2):
        await api.sweep()
    found = await api.session(session["id"], "activities(last: 1) { edges { node { type at } } }")
    assert found["activities"]["edges"][0]["node"] == {"type": "COMPLETED", "at": "2026-05-28T20:56:40.000Z"}
    assert (await api.activity_types(session["id"]), found["revision"]) == (["STARTED", "COMPLETED"], 2)


async def test_statistics_and_filters_show_completed_forms_before_and_after_the_sweep(api: ApiClient) -> None:
    session = await start_form(api)
    await start_form(api, timeoutSeconds=3600)
    await api.advance(1800)
    document = """query($filter: SessionFilter) { sessions(filter: $filter) { nodes { id } } }"""
    for _ in range(2):
        stats = await api.execute(STATS)
        assert (stats["total"], stats["active"], stats["elapsedSeconds"]["sum"]) == (2, 1, 3600)
        assert stats["byEndReason"] == [{"reason": "COMPLETED", "total": 1}]
        found = await api.execute(document, filter={"endReasons": ["COMPLETED"], "field": {}})
        assert [node["id"] for node in found["nodes"]] == [session["id"]]
        await api.sweep()


async def test_keepalive_and_hide_postpone_completion(api: ApiClient) -> None:
    session = await start_form(api, timeoutSeconds=60)
    for call in ("keepaliveSession", "hideSession", "keepaliveSession"):
        await api.advance(59)
        assert problem_codes(await api.mutate(call, {"id": session["id"]})) == []
    await api.advance(60)
    refused = await api.mutate("keepaliveSession", {"id": session["id"]})
    assert (problem_codes(refused), refused["session"]["endReason"]) == (["SESSION_ENDED"], "COMPLETED")


async def test_form_timeout_of_input_precedes_project_and_default(api: ApiClient) -> None:
    await create_project(api, "p", timeouts=timeouts(FIELD=86_400))
    assert (await start_form(api, projectId="p"))["timeoutSeconds"] == 86_400
    assert (await start_form(api, projectId="p", timeoutSeconds=10))["timeoutSeconds"] == 10
    for seconds in (9, 86_401):
        payload = await api.start_payload("field", {"unitId": "u1"}, timeoutSeconds=seconds)
        assert problem_codes(payload) == ["BAD_USER_INPUT"]


async def test_downtime_does_not_complete_form(tmp_path: Path) -> None:
    async with open_api(tmp_path / "test.db") as api:
        session = await start_form(api)
    async with open_api(tmp_path / "test.db", FakeClock(EPOCH + HOUR)) as api:
        found = await api.session(session["id"], "expiresAt")
        assert (found["state"], found["expiresAt"]) == ("ACTIVE", "2026-05-28T21:56:40.000Z")
        await api.advance(1800)
        assert (await api.session(session["id"]))["endReason"] == "COMPLETED"
