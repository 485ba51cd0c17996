"""Starts with an invalid input: all problems at once, in the order of the input, and nothing is stored."""

from typing import Any, Final

import pytest

from models.enums import Kind, Scope
from resolvers.access import Caller
from resolvers.context import open_context
from resolvers.lifecycle.service import start_session
from tests.api.session_inputs import MEDIA, MINIMAL_INPUTS, problem_codes, problem_paths
from tests.api_client import ApiClient
from tests.blobs.form_client import JPEG, FilePart, FormClient

UNKNOWN: Final = {"projectId": "nowhere", "previousId": "s_unknown"}
TALK: Final = MINIMAL_INPUTS["agenda"]
WRONG_MEDIA: Final = {"params": {"media.show": 5, "x": 1}, "qoe": {"bitrate": "x"}}
WRONG_PATHS: Final = "variant.media.params.media.show variant.media.params.x variant.media.qoe.bitrate"
SESSION_COUNT: Final = "{ sessionStats { total } }"


async def test_start_reports_problems_of_input_project_and_previous_session(api: ApiClient) -> None:
    payload = await api.start_payload(
        "client", {"clientSystem": "", "language": "xx"}, **UNKNOWN, externalId="", timeoutSeconds=9, path=["", "x"]
    )
    assert [(problem["code"], ".".join(problem["path"][1:])) for problem in payload["problems"]] == [
        ("NOT_FOUND", "projectId"),
        ("BAD_USER_INPUT", "externalId"),
        ("NOT_FOUND", "previousId"),
        ("BAD_USER_INPUT", "timeoutSeconds"),
        ("BAD_USER_INPUT", "path.0"),
        ("BAD_USER_INPUT", "variant.client.clientSystem"),
        ("BAD_USER_INPUT", "variant.client.language"),
    ]
    assert (payload["session"], payload["created"], payload["keepaliveSeconds"]) == (None, False, None)
    assert await api.execute(SESSION_COUNT) == {"total": 0}


async def test_start_reports_doubled_points_beside_the_rest(device: FormClient) -> None:
    data = [{"name": "Ä", "value": "x"}, {"name": "ä", "value": "y"}, {"name": "", "value": "z"}, {"name": "b"}]
    payload = await device.api.start_payload("field", {"unitId": "", "data": data}, **UNKNOWN)
    assert problem_paths(payload) == [
        "input.projectId",
        "input.previousId",
        "input.variant.field.unitId",
        "input.variant.field.data.1.name",
        "input.variant.field.data.2.name",
        "input.variant.field.data.3",
    ]


async def test_start_with_problems_keeps_no_file(device: FormClient) -> None:
    points = {"photo": FilePart(JPEG, "a.png", "image/png"), "other": FilePart(b"text", "a.txt", "text/plain")}
    payload = await device.start(points, **UNKNOWN)
    assert problem_paths(payload) == [
        "input.projectId",
        "input.previousId",
        "input.variant.field.data.0.file",
    ]
    del points["photo"]
    payload = await device.start(points, **UNKNOWN)
    assert problem_codes(payload) == ["NOT_FOUND", "NOT_FOUND"]
    assert (device.stored_digests(), await device.row_counts()) == (set(), {"stored_file": 0, "attachment": 0})


async def test_previous_session_of_another_kind_is_a_problem_beside_an_unknown_project(api: ApiClient) -> None:
    user = await api.start_user()
    payload = await api.start_payload("client", {"clientSystem": "x"}, projectId="nowhere", previousId=user["id"])
    assert problem_codes(payload) == ["NOT_FOUND", "BAD_USER_INPUT"]
    assert problem_paths(payload) == ["input.projectId", "input.previousId"]
    # Whether its project is the same cannot be said.
    payload = await api.start_payload("user", {"username": "bob"}, projectId="nowhere", previousId=user["id"])
    assert problem_paths(payload) == ["input.projectId"]


async def test_used_key_is_a_problem_beside_the_others(api: ApiClient) -> None:
    first = await api.start_payload("user", {"username": "ann"}, idempotencyKey="k")
    payload = await api.start_payload("user", {"username": ""}, idempotencyKey="k", previousId="s_unknown")
    assert problem_codes(payload) == ["CONFLICT", "NOT_FOUND", "BAD_USER_INPUT"]
    assert problem_paths(payload) == ["input.idempotencyKey", "input.previousId", "input.variant.user.username"]
    replayed = await api.start_payload("user", {"username": "ann"}, idempotencyKey="k")
    assert (replayed["session"]["id"], replayed["created"]) == (first["session"]["id"], False)


async def test_uuid_of_another_unit_is_a_problem_beside_the_others(api: ApiClient) -> None:
    """Only callers with no scope but WRITE may not replace it."""
    await api.start_session("field", {"unitId": "u1", "uuid": "f"})
    writer = Caller("t", "device", frozenset({Scope.WRITE}), None)
    async with open_context(api.app.state.services, writer) as context:
        values = {"previous_id": "s_unknown"}
        result = await start_session(context, values, Kind.FIELD, {"unit_id": "u2", "uuid": "f"})
    assert [(problem.code, problem.path[-1]) for problem in result.problems] == [
        ("NOT_FOUND", "previousId"),
        ("CONFLICT", "uuid"),
    ]


async def test_missing_username_is_a_problem_beside_the_others(api: ApiClient) -> None:
    payload = await api.start_payload("user", {"clientId": "short"}, timeoutSeconds=1)
    assert problem_paths(payload) == [
        "input.timeoutSeconds",
        "input.variant.user.username",
        "input.variant.user.clientId",
    ]


@pytest.mark.parametrize(
    ("kind", "variant", "common", "paths"),
    [
        ("agenda", TALK | {"importId": "a"}, {"externalId": "b", "timeoutSeconds": 5}, "externalId timeoutSeconds"),
        ("field", {"unitId": "u", "uuid": "a"}, {"externalId": ""}, "externalId"),
        ("field", {"unitId": "u"}, {"externalId": "x" * 200}, "externalId"),
        ("media", MEDIA | WRONG_MEDIA, {"metadata": []}, f"metadata {WRONG_PATHS}"),
    ],
)
async def test_rules_between_fields_hold_beside_each_other(
    api: ApiClient, kind: str, variant: dict[str, Any], common: dict[str, Any], paths: str
) -> None:
    payload = await api.start_payload(kind, variant, **common)
    assert problem_paths(payload) == [f"input.{path}" for path in paths.split()]
