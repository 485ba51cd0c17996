"""startSession: fields of each kind."""

import base64
from typing import Any, Final

import pytest

from tests.api.session_inputs import MEDIA, MINIMAL_INPUTS, create_project, problem_paths
from tests.api_client import ApiClient

AGENDA: Final = MINIMAL_INPUTS["agenda"] | {"startTime": "2026-05-28T21:00:00Z"}
FIELD = "... on FieldSession { uuid unitId created saved received timezoneOffsetSeconds data { name value rawData } }"
BROWSER = {"username": "ann", "clientId": "0123456789abcdef"}


def point(value: str, name: str = "a") -> dict[str, Any]:
    return {"name": name, "value": value}


INVALID: Final[dict[str, list[tuple[dict[str, Any], str]]]] = {
    "agenda": [
        ({"endTime": "2026-05-28T21:00:00Z"}, "endTime"),
        ({"endTime": "2026-05-28T22:00:00Z", "allDay": True}, "endTime"),
        ({"waitlist": True}, "waitlist"),
        ({"maxCapacity": 3}, "maxCapacity"),
        ({"maxCapacity": 0, "requireLogin": True, "addToSchedule": True}, "maxCapacity"),
        ({"requireLogin": True}, "requireLogin"),
        ({"registrationStart": "2026-05-01T00:00:00Z"}, "registrationStart"),
        ({"name": ""}, "name"),
        ({"descriptionHtml": "x" * 20_001}, "descriptionHtml"),
        ({"locations": list(range(101))}, "locations"),
    ],
    "media": [
        ({"length": -1}, "length"),
        ({"playerTime": {"playhead": -0.5, "ts": "2026-05-28T20:26:40Z"}}, "playerTime.playhead"),
        ({"params": {"media.nope": "x"}}, "params.media.nope"),
        ({"params": {"analytics.enableSSL": "yes"}}, "params.analytics.enableSSL"),
        ({"params": {"media.showType": "4"}}, "params.media.showType"),
        ({"params": []}, "params"),
        ({"customMetadata": {"a b": "x"}}, "customMetadata.a b"),
        ({"customMetadata": {"a": 1}}, "customMetadata.a"),
        ({"customMetadata": {f"n{i}": "" for i in range(51)}}, "customMetadata"),
        ({"qoe": {"bitrate": "fast"}}, "qoe.bitrate"),
        ({"channel": "x" * 1025}, "channel"),
    ],
    "field": [
        ({"uuid": ""}, "uuid"),
        ({"uuid": "x" * 129}, "uuid"),
        ({"unitId": ""}, "unitId"),
        ({"created": "2026-05-28T20:00:01Z", "saved": "2026-05-28T20:00:00Z"}, "saved"),
        ({"timezoneOffsetSeconds": 50_401}, "timezoneOffsetSeconds"),
        ({"timezoneOffsetSeconds": 0, "data": [point("36000", "__TIMEZONE__")]}, "timezoneOffsetSeconds"),
        ({"data": [{"name": "a"}]}, "data.0"),
        ({"data": [point("x") | {"rawData": ""}]}, "data.0"),
        ({"data": [point("x"), point("y", "A")]}, "data.1.name"),
        ({"data": [point("x", "")]}, "data.0.name"),
        ({"data": [point("x" * 65_537)]}, "data.0.value"),
        *(({"data": [point(offset, "__timezone__")]}, "data.0.value") for offset in ("late", "3_600", "50401")),
        ({"data": [{"name": "a", "rawData": base64.b64encode(b"x" * (1024**2 + 1)).decode()}]}, "data.0.rawData"),
    ],
    "user": [
        ({"username": None}, "username"),
        ({"username": ""}, "username"),
        ({"username": "x" * 257}, "username"),
        ({"clientId": "x" * 15}, "clientId"),
    ],
}


@pytest.mark.parametrize("kind", INVALID)
async def test_invalid_field_is_reported(api: ApiClient, kind: str) -> None:
    variant = MINIMAL_INPUTS[kind] | (AGENDA if kind == "agenda" else {})
    for extra, name in INVALID[kind]:
        payload = await api.start_payload(kind, variant | extra)
        assert problem_paths(payload) == [f"input.variant.{kind}.{name}"], name


async def test_agenda_session_takes_no_timeout(api: ApiClient) -> None:
    assert problem_paths(await api.start_payload("agenda", AGENDA, timeoutSeconds=60)) == ["input.timeoutSeconds"]


async def test_import_id_is_the_external_id(api: ApiClient) -> None:
    fields = "externalId ... on AgendaSession { importId }"
    outside = await api.start_session("agenda", AGENDA, fields, externalId="x")
    inside = await api.start_session("agenda", {**AGENDA, "importId": "x"}, fields)
    for session in (outside, inside):
        assert (session["externalId"], session["importId"]) == ("x", "x")
    payload = await api.start_payload("agenda", {**AGENDA, "importId": "x"}, externalId="y")
    assert problem_paths(payload) == ["input.externalId"]


@pytest.mark.parametrize("external_id", ["", "x" * 129, "x" * 256])
async def test_invalid_external_id_is_reported_once(api: ApiClient, external_id: str) -> None:
    payload = await api.start_payload("field", {"unitId": "u1"}, externalId=external_id)
    assert problem_paths(payload) == ["input.externalId"]


async def test_all_day_item_may_be_on_the_last_day_of_9999(api: ApiClient) -> None:
    last_day = {**AGENDA, "startTime": "9999-12-31T10:00:00Z", "allDay": True}
    session = await api.start_session("agenda", last_day, "expiresAt")
    assert session["expiresAt"] == "9999-12-31T23:59:59.999Z"


async def test_qoe_names_may_omit_prefix_and_be_custom(api: ApiClient) -> None:
    qoe = {"bitrate": 500, "media.qoe.droppedFrames": 2, "param1": "x"}
    session = await api.start_session(
        "media", {**MEDIA, "qoe": qoe}, "... on MediaSession { qoe params customMetadata }"
    )
    assert session["qoe"] == {"media.qoe.bitrate": 500, "media.qoe.droppedFrames": 2, "param1": "x"}
    assert (session["params"], session["customMetadata"]) == ({}, {})


async def test_data_points_keep_order_with_lower_case_names(api: ApiClient) -> None:
    points = [{"name": "Zebra", "value": "1"}, {"name": "sketch", "rawData": "YmFzZTY0"}, {"name": "a", "value": ""}]
    session = await api.start_session("field", {"unitId": "u1", "data": points}, f"externalId subject {FIELD}")
    assert session["data"] == [
        {"name": "zebra", "value": "1", "rawData": None},
        {"name": "sketch", "value": None, "rawData": "YmFzZTY0"},
        {"name": "a", "value": "", "rawData": None},
    ]
    assert session["uuid"] == session["externalId"]
    assert session["created"] == session["saved"] == session["received"] == "2026-05-28T20:26:40.000Z"


async def test_timezone_offset_may_be_a_hidden_data_point(api: ApiClient) -> None:
    hidden = [{"name": "__TIMEZONE__", "value": "36000"}]
    session = await api.start_session("field", {"unitId": "u1", "data": hidden}, FIELD)
    assert (session["timezoneOffsetSeconds"], session["data"]) == (36000, [])


async def test_form_with_known_uuid_replaces_the_session(api: ApiClient) -> None:
    form = {"uuid": "f1", "unitId": "u1", "data": [{"name": "a", "value": "1"}]}
    old = await api.start_session("field", form, idempotencyKey="k")
    await api.mutate("stopSession", {"id": old["id"]})
    new = await api.start_session("field", {**form, "data": [{"name": "b", "value": "2"}]}, FIELD)
    assert new["id"] != old["id"]
    assert [point["name"] for point in new["data"]] == ["b"]
    assert await api.execute("query($id: ID!) { session(id: $id) { id } }", id=old["id"]) is None
    log = await api.execute("{ activities(last: 9) { edges { node { type sessionId session { id } } } } }")
    assert [edge["node"] for edge in log["edges"]] == [
        {"type": "REPLACED", "sessionId": old["id"], "session": None},
        {"type": "STARTED", "sessionId": new["id"], "session": {"id": new["id"]}},
    ]
    # The key of the replaced session returns its successor.
    again = await api.start_payload("field", form, idempotencyKey="k")
    assert (again["created"], again["session"]["id"]) == (False, new["id"])


async def test_uuid_is_unique_per_project(api: ApiClient) -> None:
    await create_project(api, "p")
    first = await api.start_session("field", {"uuid": "f1", "unitId": "u1"})
    second = await api.start_session("field", {"uuid": "f1", "unitId": "u1"}, projectId="p")
    assert (await api.session(first["id"]))["id"] != second["id"]


async def test_start_with_client_id_returns_its_active_session(api: ApiClient) -> None:
    first = await api.start_payload("user", BROWSER, "lastSeenAt")
    await api.advance(299)
    again = await api.start_payload("user", BROWSER, "lastSeenAt", path=["other"])
    assert (again["created"], again["session"]) == (False, first["session"])
    other = await api.start_payload("user", {**BROWSER, "username": "bob"})
    assert other["created"] is True
    await api.advance(1)
    again = await api.start_payload("user", BROWSER)
    assert again["created"] is True
    assert again["session"]["id"] != first["session"]["id"]
    assert await api.activity_types(first["session"]["id"]) == ["STARTED", "EXPIRED"]
