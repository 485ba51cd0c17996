"""Messages of problems that rules between fields find: one style, with what is allowed and what was given."""

import re
from typing import Any, Final

import pytest

from tests.api.session_inputs import MEDIA, MINIMAL_INPUTS, timeouts
from tests.api_client import ApiClient
from tests.bad_inputs.plain_words import assert_plain
from tests.media.player_client import event_input, start_player
from tests.vendor_samples.test_media_parameters import required_params

STYLE: Final = re.compile(r"(must|is|has|exactly one of) ")
TALK: Final = MINIMAL_INPUTS["agenda"]
START, LATER = "2026-05-28T20:00:00.000Z", "2026-05-28T21:00:00.000Z"
OWN_FIELDS: Final = {
    "analytics.trackingServer": "trackingServer",
    "analytics.reportSuite": "reportSuite",
    "analytics.visitorId": "visitorId",
    "visitor.marketingCloudOrgId": "organizationId",
    "media.id": "mediaId",
    "media.name": "mediaName",
    "media.length": "length",
    "media.contentType": "contentType",
    "media.playerName": "playerName",
    "media.channel": "channel",
    "media.sdkVersion": "sdkVersion",
    "media.resume": "resume",
    "media.qoe.bitrate": "qoe",
}


def assert_style(message: str) -> None:
    assert STYLE.match(message), message
    assert_plain(message)


CASES: Final[list[tuple[str, dict[str, Any], dict[str, Any], dict[str, str]]]] = [
    (
        "client",
        {"clientSystem": "x", "language": "xx"},
        {},
        {"language": 'a language code of ISO 639-1, such as en or fr-CA, not "xx"'},
    ),
    (
        "client",
        {"clientSystem": "x", "timezone": "Mars"},
        {},
        {"timezone": 'or an IANA name such as Europe/Paris, not "Mars"'},
    ),
    (
        "agenda",
        TALK | {"startTime": LATER, "endTime": START},
        {},
        {"endTime": f"must be later than startTime {LATER}, not {START}"},
    ),
    ("agenda", TALK | {"allDay": True, "endTime": LATER}, {}, {"endTime": "must not be set with allDay"}),
    ("agenda", TALK | {"requireLogin": True}, {}, {"requireLogin": "must not be true without addToSchedule"}),
    (
        "agenda",
        TALK | {"maxCapacity": 1, "waitlist": True},
        {},
        {"maxCapacity": "must not be set without requireLogin"},
    ),
    ("agenda", TALK | {"waitlist": True}, {}, {"waitlist": "must not be true without maxCapacity"}),
    ("agenda", TALK, {"timeoutSeconds": 60}, {"timeoutSeconds": "must not be set for AGENDA"}),
    (
        "agenda",
        TALK | {"importId": "a"},
        {"externalId": "b"},
        {"externalId": 'must be the same as importId, or not set: not "b" beside "a"'},
    ),
    ("user", {"username": "x"}, {"timeoutSeconds": 5}, {"timeoutSeconds": "must be 10 to 86400 seconds, not 5"}),
    ("user", {"username": "x"}, {"externalId": "x" * 300}, {"externalId": "must have 1 to 255 characters, not 300"}),
    ("user", {"username": "x"}, {"metadata": []}, {"metadata": "must be a JSON object, not a list"}),
    (
        "user",
        {"username": "x"},
        {"metadata": {"a": [[[[[[[[]]]]]]]]}},
        {"metadata": "must be nested in at most 8 levels, not 9"},
    ),
    (
        "user",
        {"username": "x"},
        {"metadata": {"a": "x" * 20_000}},
        {"metadata": "must have at most 16 KiB of JSON (16384 bytes), not 20008"},
    ),
    ("user", {"username": "x"}, {"path": ["x"] * 9}, {"path": "must have at most 8 items, not 9"}),
    ("user", {"username": "x"}, {"projectId": "nowhere"}, {"projectId": 'must be the id of a project, not "nowhere"'}),
    ("user", {"username": "x"}, {"previousId": "s_x"}, {"previousId": 'must be the id of a session, not "s_x"'}),
    (
        "field",
        {"unitId": "u", "saved": START, "created": LATER},
        {},
        {"saved": f"must be {LATER} (created) or later, not {START}"},
    ),
    (
        "field",
        {"unitId": "u", "data": [{"name": "A", "value": "x"}, {"name": "a", "value": "x"}]},
        {},
        {"data.1.name": 'must be unique in any case, not "a" again'},
    ),
    (
        "field",
        {"unitId": "u", "data": [{"name": "a"}]},
        {},
        {"data.0": "exactly one of value, rawData, file must be set, not none"},
    ),
    (
        "field",
        {"unitId": "u", "data": [{"name": "a", "value": "", "rawData": ""}]},
        {},
        {"data.0": "must be set, not value and rawData"},
    ),
    (
        "field",
        {"unitId": "u", "data": [{"name": "a", "value": "x" * 65_537}]},
        {},
        {"data.0.value": "must have at most 64 KiB (65536 bytes of UTF-8), not 65537"},
    ),
    (
        "field",
        {"unitId": "u", "data": [{"name": "__timezone__", "value": "x"}]},
        {},
        {"data.0.value": 'must be whole seconds from -50400 to 50400, not "x"'},
    ),
    (
        "field",
        {"unitId": "u", "timezoneOffsetSeconds": 1, "data": [{"name": "__timezone__", "value": "2"}]},
        {},
        {"timezoneOffsetSeconds": "must be that of the data point __timezone__, 2, not 1"},
    ),
    ("media", MEDIA | {"params": {"x": 1}}, {}, {"params.x": "is not a documented parameter of a start"}),
    (
        "media",
        MEDIA | {"params": {"media.show": 1}},
        {},
        {"params.media.show": "must be a string of at most 1024 characters, not 1"},
    ),
    (
        "media",
        MEDIA | {"params": {"media.show": "x" * 1025}},
        {},
        {"params.media.show": "must have at most 1024 characters, not 1025"},
    ),
    (
        "media",
        MEDIA | {"params": {"media.showType": "7"}},
        {},
        {"params.media.showType": 'must be one of 0, 1, 2, 3, not "7"'},
    ),
    (
        "media",
        MEDIA | {"customMetadata": {"a b": "x"}},
        {},
        {"customMetadata.a b": 'letters, digits, _ and ., not "a b"'},
    ),
    (
        "media",
        MEDIA | {"customMetadata": {str(i): "x" for i in range(51)}},
        {},
        {"customMetadata": "must have at most 50 members, not 51"},
    ),
    (
        "media",
        MEDIA | {"qoe": {"bitrate": 1.5}},
        {},
        {"qoe.bitrate": "must be a whole number of at most 53 bits, not 1.5"},
    ),
    ("media", MEDIA | {"length": -1}, {}, {"length": "must be at least 0 seconds, not -1"}),
]


@pytest.mark.parametrize(("kind", "variant", "common", "expected"), CASES, ids=range(len(CASES)))
async def test_message_of_a_start(
    api: ApiClient, kind: str, variant: dict[str, Any], common: dict[str, Any], expected: dict[str, str]
) -> None:
    payload = await api.start_payload(kind, variant, **common)
    messages = {
        ".".join(p["path"]).split(f"variant.{kind}.")[-1].removeprefix("input."): p["message"]
        for p in payload["problems"]
    }
    for path, part in expected.items():
        assert part in messages[path]
    for message in messages.values():
        assert_style(message)


async def test_parameter_with_a_field_of_its_own_names_it(api: ApiClient) -> None:
    payload = await api.start_payload("media", MEDIA | {"params": dict.fromkeys(OWN_FIELDS, "x")})
    assert {p["path"][-1]: p["message"] for p in payload["problems"]} == {
        name: f"has a field of its own: {field}" for name, field in OWN_FIELDS.items()
    }
    player = await start_player(api)
    payload = await player.track(event_input(1, "PLAY", params=dict.fromkeys(OWN_FIELDS, "x")))
    for problem in payload["problems"]:
        assert problem["message"].startswith(f"has a field of its own: {OWN_FIELDS[problem['path'][-1]]}")
    assert len(payload["problems"]) == len(OWN_FIELDS)


async def test_messages_of_events(api: ApiClient) -> None:
    player = await start_player(api)
    payload = await player.track(
        event_input(1, "PLAY", params={"x": 1}, customMetadata={"a": "b"}),
        event_input(1, "AD_START"),
        event_input(1, "AD_START", params=required_params("AD_START") | {"media.ad.length": "x"}),
        event_input(1, "ERROR", params={"media.errorId": "a"}, qoe={"errorID": "b"}),
        event_input(1, "BITRATE_CHANGE"),
        event_input(1, "PING", qoe={"bitrate": 1, "media.qoe.bitrate": 1}),
        event_input(-5, "PING"),
    )
    assert len(payload["problems"]) == 5
    for problem in payload["problems"]:
        assert_style(problem["message"])
    for events in ([event_input(-5, "PING")], [event_input(5_000, "PING")]):
        (problem,) = (await player.track(*events))["problems"]
        assert_style(problem["message"])


async def test_messages_of_projects_and_updates(api: ApiClient) -> None:
    create = """mutation($i: CreateProjectInput!) { createProject(input: $i) { problems { message } } }"""
    update = """mutation($i: UpdateProjectInput!) { updateProject(input: $i) { problems { message } } }"""
    twice = [*timeouts(USER=9), *timeouts(USER=60, AGENDA=60)]
    answers = [
        await api.execute(create, i={"id": "a b", "name": "", "defaultLanguage": "xx", "timeouts": twice}),
        await api.execute(create, i={"id": "s_" + "x" * 22}),
        await api.execute(create, i={"id": "default"}),
        await api.execute(update, i={"id": "nowhere", "name": None}),
    ]
    talk = await api.start_session("agenda", TALK | {"endTime": "2026-05-28T23:00:00Z"})
    answers += [
        await api.mutate("updateAgendaSession", {"id": talk["id"], "allDay": True, "startTime": None}),
        await api.mutate("keepaliveSession", {"id": "x"}),
        await api.mutate("trackMedia", {"id": talk["id"], "events": []}),
        await api.mutate("terminateSession", {"id": talk["id"], "reason": ""}),
    ]
    messages = [problem["message"] for answer in answers for problem in answer["problems"]]
    assert len(messages) == 15
    for message in messages:
        assert_style(message)
