"""updateAgendaSession."""

from typing import Any

from tests.api.session_inputs import MINIMAL_INPUTS, problem_codes, problem_paths
from tests.api_client import ApiClient

FIELDS = """externalId startedAt endedAt lastSeenAt updatedAt ... on AgendaSession {
    guide name descriptionHtml startTime endTime allDay allowRating addToSchedule importId scheduleTracks locations rank
    requireLogin maxCapacity waitlist registrationStart registrationEnd }"""
ALL_FIELDS: dict[str, Any] = {
    "name": "Opening",
    "descriptionHtml": "<p>Hello</p>",
    "importId": "i-1",
    "rank": 1.5,
    "maxCapacity": 10,
    "startTime": "2030-09-18T16:00:00.000Z",
    "endTime": "2030-09-18T17:00:00.000Z",
    "allDay": False,
    "allowRating": True,
    "addToSchedule": True,
    "requireLogin": True,
    "waitlist": True,
    "scheduleTracks": [3, 1, 3],
    "locations": [5],
    "registrationStart": "2030-09-01T00:00:00.000Z",
    "registrationEnd": "2030-09-17T00:00:00.000Z",
}
"""All fields of an item but `guide`."""
OTHER_VALUES: dict[str, Any] = {
    "name": "Closing",
    "descriptionHtml": "<p>Bye</p>",
    "importId": "i-2",
    "rank": -2.0,
    "maxCapacity": 11,
    "startTime": "2030-09-18T15:00:00.000Z",
    "endTime": "2030-09-18T18:00:00.000Z",
    "allowRating": False,
    "waitlist": False,
    "scheduleTracks": [2],
    "locations": [],
    "registrationStart": "2030-09-02T00:00:00.000Z",
    "registrationEnd": "2030-09-16T00:00:00.000Z",
}
"""Another value for each field that can change alone."""
END = {"endTime": "2026-05-28T22:00:00Z"}


async def start_talk(api: ApiClient, **fields: Any) -> dict[str, Any]:
    return await api.start_session("agenda", {**MINIMAL_INPUTS["agenda"], **fields}, FIELDS)


async def update(api: ApiClient, session: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return await api.mutate("updateAgendaSession", {"id": session["id"], **changes}, FIELDS)


async def failed_update(api: ApiClient, session: dict[str, Any], **changes: Any) -> list[tuple[str, str]]:
    """Send an update that must change nothing; returns the codes and paths of its problems."""
    before = await api.session(session["id"], FIELDS)
    payload = await update(api, session, **changes)
    assert payload["session"] == before == await api.session(session["id"], FIELDS)
    assert payload["problems"]
    return [(problem["code"], "/".join(problem["path"])) for problem in payload["problems"]]


async def test_update_changes_only_provided_fields(api: ApiClient) -> None:
    same = {"startTime": "startedAt", "importId": "externalId"}
    for name, value in OTHER_VALUES.items():
        session = await start_talk(api, **ALL_FIELDS)
        payload = await update(api, session, **{name: value})
        assert payload["problems"] == []
        expected = session | {name: value, "revision": 2} | ({same[name]: value} if name in same else {})
        assert payload["session"] == expected == await api.session(session["id"], FIELDS)


async def test_all_fields_can_be_updated_at_once(api: ApiClient) -> None:
    session = await start_talk(api)
    payload = await update(api, session, **ALL_FIELDS)
    assert payload["problems"] == []
    assert payload["session"].items() >= ALL_FIELDS.items()
    assert payload["session"]["guide"] == session["guide"]


async def test_null_clears_nullable_fields(api: ApiClient) -> None:
    session = await start_talk(api, **ALL_FIELDS)
    empty = ["descriptionHtml", "endTime", "importId", "maxCapacity", "registrationStart", "registrationEnd"]
    cleared = dict.fromkeys(empty) | {"scheduleTracks": [], "locations": []}
    payload = await update(api, session, waitlist=False, **dict.fromkeys(cleared))
    assert payload["problems"] == []
    assert payload["session"] == session | cleared | {"waitlist": False, "externalId": None, "revision": 2}


async def test_null_for_required_field_is_refused(api: ApiClient) -> None:
    session = await start_talk(api, **ALL_FIELDS)
    for name in ("name", "startTime", "allDay", "allowRating", "addToSchedule", "rank", "requireLogin", "waitlist"):
        assert await failed_update(api, session, **{name: None}) == [("BAD_USER_INPUT", f"input/{name}")]


async def test_merged_item_must_satisfy_rules_of_a_start(api: ApiClient) -> None:
    flags = dict.fromkeys(("addToSchedule", "requireLogin", "waitlist"), True)
    session = await start_talk(api, **END, **flags, maxCapacity=1, registrationStart="2026-05-02T00:00:00Z")
    cases: list[tuple[str, dict[str, Any]]] = [
        ("endTime", {"endTime": "2026-05-28T20:00:00Z"}),
        ("endTime", {"startTime": "2026-05-28T23:00:00Z"}),
        ("endTime", {"allDay": True}),
        ("requireLogin", {"addToSchedule": False}),
        ("maxCapacity registrationStart", {"requireLogin": False}),
        ("waitlist", {"maxCapacity": None}),
        ("registrationEnd", {"registrationEnd": "2026-05-01T00:00:00Z"}),
        ("name endTime", {"name": "", "endTime": "2026-05-28T20:00:00Z"}),
        ("startTime rank maxCapacity", {"startTime": None, "rank": None, "maxCapacity": 0}),
        ("importId locations waitlist", {"importId": "", "locations": list(range(101)), "maxCapacity": None}),
        ("descriptionHtml endTime", {"descriptionHtml": "x" * 20_001, "allDay": True}),
    ]
    for names, changes in cases:
        assert await failed_update(api, session, **changes) == [("BAD_USER_INPUT", f"input/{n}") for n in names.split()]


async def test_problem_mentions_conflicting_field_outside_the_update(api: ApiClient) -> None:
    session = await start_talk(api, **END)
    answers = [await update(api, session, allDay=True), await update(api, session, endTime=session["startTime"])]
    assert [answer["problems"][0]["message"] for answer in answers] == [
        "must not be set with allDay; it is not in this update, so it stays as it is",
        "must be later than startTime 2026-05-28T20:00:00.000Z, not 2026-05-28T20:00:00.000Z",
    ]


async def test_all_day_and_cleared_end_fit_in_one_update(api: ApiClient) -> None:
    session = await start_talk(api, **END)
    payload = await update(api, session, allDay=True, endTime=None)
    assert payload["problems"] == []
    assert (await api.session(session["id"], "expiresAt"))["expiresAt"] == "2026-05-29T00:00:00.000Z"
    await update(api, session, allDay=False)
    assert (await api.session(session["id"], "expiresAt"))["expiresAt"] is None


async def test_guide_cannot_be_updated(api: ApiClient) -> None:
    session = await start_talk(api)
    document = "mutation($id: ID!) { updateAgendaSession(input: {id: $id, guide: 8}) { problems { code } } }"
    assert await api.error_code(document, id=session["id"]) == "BAD_USER_INPUT"


async def test_update_without_change_is_a_noop(api: ApiClient) -> None:
    session = await start_talk(api, **ALL_FIELDS)
    await api.advance(1)
    respelled = {"descriptionHtml": "<p onclick=x>Hello", "startTime": "2030-09-18T18:00:00+02:00"}
    for changes in ({}, ALL_FIELDS, respelled):
        payload = await update(api, session, **changes)
        assert (payload["session"], payload["problems"]) == (session, [])
    assert await api.activity_types(session["id"]) == ["SCHEDULED"]


async def test_activity_has_changed_fields_with_old_and_new_values(api: ApiClient) -> None:
    session = await start_talk(api, **END)
    await api.advance(60)
    payload = await update(api, session, name="Other", endTime=None, descriptionHtml="<b>x</b>", scheduleTracks=[1])
    assert payload["session"]["lastSeenAt"] == session["lastSeenAt"]  # an update is no heartbeat
    found = await api.session(session["id"], "activities(last: 1) { edges { node { type at data } } }")
    assert found["activities"]["edges"][0]["node"] == {
        "type": "UPDATED",
        "at": "2026-05-28T20:27:40.000Z",
        "data": {
            "changed": ["name", "descriptionHtml", "endTime", "scheduleTracks"],
            "from": {"name": "Talk", "endTime": "2026-05-28T22:00:00.000Z", "scheduleTracks": []},
            "to": {"name": "Other", "endTime": None, "scheduleTracks": [1]},
        },
    }


async def test_only_agenda_sessions_can_be_updated(api: ApiClient) -> None:
    for kind in ("client", "media", "field", "user"):
        session = await api.start_session(kind, MINIMAL_INPUTS[kind])
        payload = await api.mutate("updateAgendaSession", {"id": session["id"], "name": ""})
        assert problem_paths(payload) == ["input.id", "input.name"]
        assert f"AGENDA, not {kind.upper()}" in payload["problems"][0]["message"]
        assert payload["session"] == await api.session(session["id"])


async def test_unknown_session_cannot_be_updated(api: ApiClient) -> None:
    for unknown in ("s_" + "x" * 22, "x", ""):
        payload = await update(api, {"id": unknown}, name="")
        assert (payload["session"], problem_codes(payload)) == (None, ["NOT_FOUND", "BAD_USER_INPUT"])


async def test_filters_match_updated_values(api: ApiClient) -> None:
    session = await start_talk(api, importId="old", scheduleTracks=[1, 2])
    await update(api, session, importId="new", scheduleTracks=[2, 3])
    other = await start_talk(api, importId="new")
    document = "query($filter: SessionFilter) { sessions(filter: $filter) { nodes { id } } }"

    async def find(**filter_: Any) -> set[str]:
        return {node["id"] for node in (await api.execute(document, filter=filter_))["nodes"]}

    ids = {session["id"], other["id"]}
    assert await find(agenda={"importIds": ["old"]}) == await find(agenda={"scheduleTracks": [1]}) == set()
    for track in (2, 3):
        assert await find(agenda={"scheduleTracks": [track]}) == {session["id"]}
    # Import ids are not unique.
    assert await find(externalIds=["new"]) == await find(agenda={"importIds": ["new"]}) == ids
    await update(api, session, scheduleTracks=None)
    assert await find(agenda={"scheduleTracks": [2, 3]}) == set()
