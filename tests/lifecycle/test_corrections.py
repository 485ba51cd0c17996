"""Corrections of FIELD and AGENDA sessions that have ended: they change the record and nothing of its life."""

from pathlib import Path
from typing import Any

import pytest

from models.clock import to_rfc3339
from tests.api.session_inputs import MINIMAL_INPUTS, problem_codes, problem_paths
from tests.api.test_update_agenda_session import ALL_FIELDS, OTHER_VALUES
from tests.api.test_update_agenda_session import FIELDS as AGENDA_FIELDS
from tests.api_client import ApiClient, FakeClock, open_api
from tests.blobs.form_client import PNG, FilePart, FormClient, sha256, values_by_name
from tests.blobs.form_client import problem_paths as codes_and_paths
from tests.lifecycle.test_ended_columns import read_stored
from tests.statements import capture_statements

LIFE = "startedAt lastSeenAt endedAt expiresAt elapsedSeconds visibleSeconds pathTimes { path visibleSeconds }"
RECORDS = {"agenda": "updateAgendaSession", "field": "saveFieldData"}
CORRECTIONS: dict[str, dict[str, Any]] = {
    "agenda": {"name": "Other", "importId": "i"},
    "field": {"data": [{"name": "a", "value": "2"}]},
}
ENDS = ("stopSession", "terminateSession", "time", "unswept time")
STATS = """{ sessionStats { total active visible seenWithin(minutes: 60)
    byKind { kind total active visible visibleSeconds } byEndReason { reason total } bySubject { subject total }
    byPath(depth: 2) { path sessions activeNow visibleSeconds }
    elapsedSeconds { count sum min max } visibleSeconds { count sum min max }
    series(from: "2026-05-28T18:00:00Z", to: "2026-05-29T04:00:00Z", bucketSeconds: 3600) {
        at active started ended } } }"""
SCHEDULE = {"startTime": "2026-05-28T20:00:00.000Z", "endTime": "2026-05-28T22:00:00.000Z"}


async def start_record(api: ApiClient, kind: str) -> str:
    variant = MINIMAL_INPUTS[kind] | (SCHEDULE if kind == "agenda" else {})
    id_: str = (await api.start_session(kind, variant, path=["a", "b"]))["id"]
    await api.advance(60)
    await api.mutate("keepaliveSession", {"id": id_, "path": ["a"]})
    return id_


async def end(api: ApiClient, id_: str, how: str) -> None:
    await api.advance(7200)
    if how == "time":
        await api.sweep()
    elif how != "unswept time":
        await api.advance(-7100)
        reason = {"reason": "spam"} if how == "terminateSession" else {}
        assert problem_codes(await api.mutate(how, {"id": id_, **reason})) == []


@pytest.mark.parametrize("kind", RECORDS)
@pytest.mark.parametrize("how", ENDS)
async def test_correction_changes_nothing_of_the_life(api: ApiClient, kind: str, how: str) -> None:
    id_ = await start_record(api, kind)
    await end(api, id_, how)
    before, stats = await api.session(id_, LIFE), await api.execute(STATS)
    types = [*await api.activity_types(id_)]
    await api.advance(600)
    payload = await api.mutate(RECORDS[kind], {"id": id_, **CORRECTIONS[kind]}, LIFE)
    assert payload["problems"] == []
    after = payload["session"]
    assert before | {"revision": after["revision"]} == after == await api.session(id_, LIFE)
    assert after["revision"] > before["revision"]
    added = "SAVED" if kind == "field" else "UPDATED"
    ended = [] if types[-1] == before["endReason"] else [before["endReason"]]
    assert await api.activity_types(id_) == [*types, *ended, added]
    corrected = await api.execute(STATS)
    assert corrected == stats | {"seenWithin": corrected["seenWithin"]}
    await api.sweep()
    assert await api.session(id_, LIFE) == after


@pytest.mark.parametrize("kind", RECORDS)
async def test_ended_columns_stay_as_they_are(api: ApiClient, kind: str) -> None:
    id_ = await start_record(api, kind)
    await end(api, id_, "stopSession")
    before, times = await read_stored(api, id_)
    for number in range(2):
        await api.advance(10)
        correction = {"name": f"{number}"} if kind == "agenda" else {"data": [{"name": "a", "value": f"{number}"}]}
        assert (await api.mutate(RECORDS[kind], {"id": id_, **correction}))["problems"] == []
    after, times_after = await read_stored(api, id_)
    changed = {name for name in vars_of(after) if vars_of(after)[name] != vars_of(before)[name]}
    assert (changed, times_after) == ({"revision", "updated_at", "details"}, times)


@pytest.mark.parametrize("kind", RECORDS)
async def test_correction_writes_no_path_times(api: ApiClient, kind: str) -> None:
    id_ = await start_record(api, kind)
    await end(api, id_, "stopSession")
    with capture_statements(api.app.state.services.database, readers=False, writer=True) as sent:
        await api.mutate(RECORDS[kind], {"id": id_, **CORRECTIONS[kind]})
    assert [statement for statement in sent if "path_time" in statement] == []
    assert [statement.split()[0] for statement in sent].count("UPDATE") == 1


def vars_of(row: Any) -> dict[str, Any]:
    return {name: getattr(row, name) for name in row.__dataclass_fields__}


@pytest.mark.parametrize("kind", RECORDS)
async def test_correction_at_the_millisecond_of_the_end_comes_after_it(api: ApiClient, kind: str) -> None:
    id_ = await start_record(api, kind)
    await api.advance(5540 if kind == "agenda" else 1800)
    payload = await api.mutate(RECORDS[kind], {"id": id_, **CORRECTIONS[kind]}, "endedAt")
    assert (payload["problems"], payload["session"]["endReason"]) == ([], "COMPLETED")
    assert payload["session"]["endedAt"] == to_rfc3339(api.clock.value)
    found = await api.session(id_, "activities(last: 2) { edges { node { type at } } }")
    entries = [edge["node"] for edge in found["activities"]["edges"]]
    assert [entry["type"] for entry in entries] == ["COMPLETED", "SAVED" if kind == "field" else "UPDATED"]
    assert len({entry["at"] for entry in entries}) == 1


@pytest.mark.parametrize("kind", RECORDS)
async def test_correction_survives_restart_and_clock_step_back(tmp_path: Path, kind: str) -> None:
    clock = FakeClock()
    async with open_api(tmp_path / "test.db", clock) as api:
        id_ = await start_record(api, kind)
        await end(api, id_, "stopSession")
        await api.advance(-50)
        corrected = (await api.mutate(RECORDS[kind], {"id": id_, **CORRECTIONS[kind]}, LIFE))["session"]
        assert corrected["state"] == "ENDED"
    clock.value += 86_400_000
    async with open_api(tmp_path / "test.db", clock) as api:
        assert await api.session(id_, LIFE) == corrected


@pytest.mark.parametrize("kind", RECORDS)
async def test_heartbeats_of_a_corrected_session_are_refused(api: ApiClient, kind: str) -> None:
    id_ = await start_record(api, kind)
    await end(api, id_, "stopSession")
    await api.mutate(RECORDS[kind], {"id": id_, **CORRECTIONS[kind]})
    for call in ("keepaliveSession", "hideSession"):
        assert problem_codes(await api.mutate(call, {"id": id_})) == ["SESSION_ENDED"]
    assert problem_codes(await api.mutate("stopSession", {"id": id_})) == []


@pytest.mark.parametrize("kind", ["client", "media", "user"])
async def test_other_ended_sessions_have_no_record_to_correct(api: ApiClient, kind: str) -> None:
    id_ = (await api.start_session(kind, MINIMAL_INPUTS[kind]))["id"]
    await api.mutate("stopSession", {"id": id_})
    for record, call in RECORDS.items():
        payload = await api.mutate(call, {"id": id_, **CORRECTIONS[record]})
        assert (problem_codes(payload), problem_paths(payload)) == (["BAD_USER_INPUT"], ["input.id"])
        assert payload["session"]["revision"] == 2


# ---- FIELD ----


async def test_points_and_files_of_ended_form_change(device: FormClient) -> None:
    session = await device.started({"a": FilePart(PNG), "b": "1"})
    await device.api.mutate("stopSession", {"id": session["id"]})
    await device.api.advance(60)
    saved = await device.saved(
        session["id"], {"c": b"3", "__timezone__": "60"}, remove=["a"], saved="2026-05-28T20:27:00Z"
    )
    assert (values_by_name(saved), saved["state"]) == ({"b": "1", "c": "Mw=="}, "ENDED")
    assert (saved["saved"], saved["received"]) == ("2026-05-28T20:27:00.000Z", "2026-05-28T20:27:40.000Z")
    assert (saved["lastSeenAt"], saved["timezoneOffsetSeconds"]) == ("2026-05-28T20:26:40.000Z", 60)
    await device.collect_garbage()
    assert device.stored_digests() == set()
    await device.saved(session["id"], {"a": FilePart(PNG)})
    await device.collect_garbage()
    assert device.stored_digests() == {sha256(PNG)}


async def test_rules_of_a_save_hold_for_ended_form(device: FormClient) -> None:
    session = await device.started({f"p{number}": "x" for number in range(500)})
    await device.api.mutate("stopSession", {"id": session["id"]})
    payload = await device.save(session["id"], {"one": "too many"}, saved="2020-01-01T00:00:00Z")
    assert codes_and_paths(payload) == [("BAD_USER_INPUT", "input.saved"), ("BAD_USER_INPUT", "input.data")]


# ---- AGENDA ----


async def start_ended_talk(api: ApiClient, **fields: Any) -> dict[str, Any]:
    """Start an item with all fields, and cancel it."""
    talk = await api.start_session("agenda", MINIMAL_INPUTS["agenda"] | ALL_FIELDS | fields, AGENDA_FIELDS)
    cancelled: dict[str, Any] = (await api.mutate("stopSession", {"id": talk["id"]}, AGENDA_FIELDS))["session"]
    assert cancelled["endReason"] == "CANCELLED"
    return cancelled


@pytest.mark.parametrize("name", OTHER_VALUES)
async def test_all_of_an_ended_item_but_its_schedule_can_change(api: ApiClient, name: str) -> None:
    before = await start_ended_talk(api)
    payload = await api.mutate("updateAgendaSession", {"id": before["id"], name: OTHER_VALUES[name]}, AGENDA_FIELDS)
    if name in ("startTime", "endTime"):
        assert (problem_codes(payload), problem_paths(payload)) == (["SESSION_ENDED"], [f"input.{name}"])
        assert payload["session"] == before
        return
    same = {"externalId": OTHER_VALUES[name]} if name == "importId" else {}
    expected = before | same | {name: OTHER_VALUES[name], "revision": before["revision"] + 1}
    assert (payload["session"], payload["problems"]) == (expected, [])
    assert expected == await api.session(before["id"], AGENDA_FIELDS)


async def test_schedule_of_ended_item_is_refused_together_with_other_problems(api: ApiClient) -> None:
    talk = await start_ended_talk(api, waitlist=False)
    changes = {"name": "", "startTime": None, "endTime": None, "allDay": True, "waitlist": True, "maxCapacity": None}
    payload = await api.mutate("updateAgendaSession", {"id": talk["id"], **changes})
    assert [(problem["code"], ".".join(problem["path"])) for problem in payload["problems"]] == [
        ("BAD_USER_INPUT", "input.name"),
        ("BAD_USER_INPUT", "input.startTime"),
        ("SESSION_ENDED", "input.endTime"),
        ("SESSION_ENDED", "input.allDay"),
        ("BAD_USER_INPUT", "input.waitlist"),
    ]
    assert payload["problems"][2]["message"] == "must stay as it is: the session has ended (CANCELLED)"


async def test_item_that_is_sent_whole_is_corrected_if_its_schedule_is_the_same(api: ApiClient) -> None:
    talk = await start_ended_talk(api)
    payload = await api.mutate("updateAgendaSession", {"id": talk["id"], **ALL_FIELDS}, AGENDA_FIELDS)
    assert (payload["session"], payload["problems"]) == (talk, [])
    whole = ALL_FIELDS | {"name": "Other", "startTime": "2030-09-18T18:00:00+02:00"}
    payload = await api.mutate("updateAgendaSession", {"id": talk["id"], **whole}, AGENDA_FIELDS)
    assert payload["session"] == talk | {"name": "Other", "revision": talk["revision"] + 1}


async def test_corrected_cancelled_item_does_not_start(api: ApiClient) -> None:
    talk = await start_ended_talk(api)
    await api.mutate("updateAgendaSession", {"id": talk["id"], "name": "Other"})
    await api.advance(10 * 365 * 86_400)
    await api.sweep()
    assert await api.activity_types(talk["id"]) == ["SCHEDULED", "CANCELLED", "UPDATED"]
    assert (await api.session(talk["id"]))["endReason"] == "CANCELLED"


async def test_filters_and_groups_show_the_corrected_item(api: ApiClient) -> None:
    talk, other = await start_ended_talk(api), await start_ended_talk(api)
    corrected = {"importId": "new", "scheduleTracks": [7, 8], "rank": 99}
    await api.mutate("updateAgendaSession", {"id": talk["id"], **corrected})
    document = "query($filter: SessionFilter) { sessions(filter: $filter) { totalCount nodes { id } } }"

    async def find(**filter_: Any) -> list[str]:
        found = await api.execute(document, filter={"states": ["ENDED"], **filter_})
        assert found["totalCount"] == len(found["nodes"])
        return [node["id"] for node in found["nodes"]]

    assert await find(externalIds=["new"]) == await find(agenda={"importIds": ["new"]}) == [talk["id"]]
    assert await find(agenda={"importIds": ["i-1"]}) == await find(agenda={"scheduleTracks": [1]}) == [other["id"]]
    assert await find(agenda={"scheduleTracks": [8]}) == [talk["id"]]
    assert await find(agenda={"guides": [7]}) == [talk["id"], other["id"]]


async def test_save_of_nothing_changes_no_ended_form(api: ApiClient) -> None:
    id_ = await start_record(api, "field")
    await end(api, id_, "stopSession")
    before = await api.session(id_, LIFE)
    payload = await api.mutate("saveFieldData", {"id": id_}, LIFE)
    assert (payload["session"], payload["problems"]) == (before, [])
    assert "SAVED" not in await api.activity_types(id_)
