"""Commands with an invalid input: all problems at once, and the session as it is."""

from typing import Any, Final

import pytest

from models.enums import Scope
from resolvers.access import Caller
from resolvers.context import open_context
from resolvers.lifecycle.service import keepalive_session
from tests.api.session_inputs import MINIMAL_INPUTS, problem_codes, problem_paths
from tests.api_client import ApiClient
from tests.blobs.form_client import JPEG, FilePart, FormClient

LONG_PATH: Final = ["x"] * 9
PING: Final = {"playerTime": {"playhead": 0, "ts": "2026-05-28T20:26:40Z"}}
UNKNOWN_ID: Final = "s_" + "x" * 22
INVALID: Final[dict[str, tuple[str, dict[str, Any], str]]] = {
    "keepaliveSession": ("user", {"path": LONG_PATH, "sequence": -1}, "path sequence"),
    "hideSession": ("user", {"path": LONG_PATH, "sequence": -1}, "path sequence"),
    "stopSession": ("user", {"path": LONG_PATH, "sequence": -1}, "path sequence"),
    "trackMedia": (
        "media",
        {"events": [{"type": "AD_START", **PING, "qoe": {"bitrate": "x"}}]},
        (
            "events.0.params.media.ad.id events.0.params.media.ad.length events.0.params.media.ad.podPosition "
            "events.0.qoe.bitrate"
        ),
    ),
    "saveFieldData": (
        "field",
        {"saved": "2020-01-01T00:00:00Z", "data": [{"name": "", "value": "x"}, {"name": "a"}]},
        "saved data.0.name data.1",
    ),
    "updateAgendaSession": ("agenda", {"name": "", "requireLogin": True}, "name requireLogin"),
    "terminateSession": ("user", {"reason": ""}, "reason"),
}
"""By mutation: a kind of session, an invalid input, and the paths of its problems, in order."""


def expected_paths(paths: str) -> list[str]:
    return [f"input.{path}" for path in paths.split()]


@pytest.mark.parametrize("mutation", INVALID)
async def test_invalid_input_returns_its_problems_and_the_session(api: ApiClient, mutation: str) -> None:
    kind, fields, paths = INVALID[mutation]
    session = await api.start_session(kind, MINIMAL_INPUTS[kind])
    payload = await api.mutate(mutation, {"id": session["id"], **fields})
    assert problem_paths(payload) == expected_paths(paths)
    assert payload["session"] == session == await api.session(session["id"])


@pytest.mark.parametrize("mutation", INVALID)
async def test_invalid_input_for_an_unknown_session_is_not_found_too(api: ApiClient, mutation: str) -> None:
    _, fields, paths = INVALID[mutation]
    payload = await api.mutate(mutation, {"id": UNKNOWN_ID, **fields})
    assert payload["session"] is None
    assert (payload["problems"][0]["code"], payload["problems"][0]["path"]) == ("NOT_FOUND", ["input", "id"])
    # What only the session can show is missing here: its `created`, its other fields.
    missing = {"input.saved", "input.requireLogin"}
    assert problem_paths(payload)[1:] == [path for path in expected_paths(paths) if path not in missing]


@pytest.mark.parametrize("mutation", ["keepaliveSession", "hideSession", "stopSession", "trackMedia"])
async def test_invalid_input_for_an_expired_session_returns_it_ended(api: ApiClient, mutation: str) -> None:
    kind, fields, paths = INVALID[mutation]
    session = await api.start_session(kind, MINIMAL_INPUTS[kind], timeoutSeconds=10)
    await api.advance(10)
    payload = await api.mutate(mutation, {"id": session["id"], **fields})
    assert payload["session"] | {"state": "ENDED", "endReason": "EXPIRED"} == payload["session"]
    assert problem_paths(payload) == ["input.id", *expected_paths(paths)]
    assert payload["problems"][0]["code"] == "SESSION_ENDED"
    assert (await api.activity_types(session["id"]))[-1] == "EXPIRED"


async def test_wrong_kind_is_a_problem_beside_the_others(api: ApiClient) -> None:
    session = await api.start_user()
    for mutation, kind in {"trackMedia": "MEDIA", "saveFieldData": "FIELD", "updateAgendaSession": "AGENDA"}.items():
        _, fields, paths = INVALID[mutation]
        payload = await api.mutate(mutation, {"id": session["id"], **fields})
        assert payload["problems"][0]["path"] == ["input", "id"]
        assert payload["problems"][0]["message"] == f"must be the id of a session of kind {kind}, not USER"
        missing = {"input.saved", "input.requireLogin"}
        assert problem_paths(payload)[1:] == [path for path in expected_paths(paths) if path not in missing]
        assert payload["session"] == session


async def test_refused_data_keeps_no_file(device: FormClient) -> None:
    user = await device.api.start_user()
    points = {"photo": FilePart(JPEG, "a.jpg", "image/jpeg")}
    for session_id, paths in ((UNKNOWN_ID, ["input.id"]), (user["id"], ["input.id"])):
        payload = await device.save(session_id, points)
        assert problem_paths(payload) == paths
    form = await device.started({})
    payload = await device.save(form["id"], points, saved="2020-01-01T00:00:00Z")
    assert problem_paths(payload) == ["input.saved"]
    assert payload["session"]["id"] == form["id"]
    assert (device.stored_digests(), await device.row_counts()) == (set(), {"stored_file": 0, "attachment": 0})


async def test_player_of_a_user_is_a_problem_beside_the_others(api: ApiClient) -> None:
    session = await api.start_user()
    payload = await api.mutate("keepaliveSession", {"id": session["id"], "sequence": -1, "media": PING})
    assert problem_paths(payload) == ["input.sequence", "input.media"]
    assert payload["session"] == session


async def test_each_keepalive_returns_its_own_session_and_problems(api: ApiClient) -> None:
    good, bad = await api.start_user(), await api.start_user("bob")
    document = """mutation($s: [KeepaliveSessionInput!]!) { keepaliveSessions(input: {sessions: $s}) {
        results { session { id revision } problems { code path } } } }"""
    sessions = [
        {"id": good["id"]},
        {"id": bad["id"], "path": LONG_PATH, "sequence": -1},
        {"id": UNKNOWN_ID, "sequence": -1},
    ]
    accepted, refused, unknown = (await api.execute(document, s=sessions))["results"]
    assert accepted == {"session": {"id": good["id"], "revision": 2}, "problems": []}
    assert refused["session"] == {"id": bad["id"], "revision": 1}
    assert problem_paths(refused) == ["input.sessions.1.path", "input.sessions.1.sequence"]
    assert unknown["session"] is None
    assert problem_codes(unknown) == ["NOT_FOUND", "BAD_USER_INPUT"]
    assert problem_paths(unknown) == ["input.sessions.2.id", "input.sessions.2.sequence"]


async def test_repeated_stop_with_invalid_input_is_refused(api: ApiClient) -> None:
    session = await api.start_user()
    stopped = (await api.mutate("stopSession", {"id": session["id"]}))["session"]
    payload = await api.mutate("stopSession", {"id": session["id"], "sequence": -1})
    assert (problem_paths(payload), payload["session"]) == (["input.sequence"], stopped)


async def test_session_of_another_project_looks_unknown_also_beside_problems(api: ApiClient) -> None:
    session = await api.start_user()
    stranger = Caller("t", "other", frozenset({Scope.WRITE}), frozenset({"elsewhere"}))
    async with open_context(api.app.state.services, stranger) as context:
        result = await keepalive_session(context, {"id": session["id"], "sequence": -1})
    assert result.session is None
    assert [(problem.code, problem.path[-1]) for problem in result.problems] == [
        ("NOT_FOUND", "id"),
        ("BAD_USER_INPUT", "sequence"),
    ]
