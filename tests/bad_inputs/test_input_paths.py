"""Values that GraphQL refuses: the error has the path that the client wrote, and no word of Python."""

from typing import Any, Final

import orjson
import pytest

from tests.api.session_inputs import MEDIA, MINIMAL_INPUTS
from tests.api_client import ApiClient
from tests.bad_inputs.plain_words import assert_plain

START: Final = "mutation($i: StartSessionInput!) { startSession(input: $i) { session { id } problems { message } } }"
KINDS: Final = "exactly one of client, agenda, media, field, user must be set"
DATE: Final = "must be an RFC 3339 date and time with an offset, such as 2024-05-31T14:00:00.000Z"


def started(kind: str, **fields: Any) -> dict[str, Any]:
    return {"variant": {kind: MINIMAL_INPUTS[kind] | fields}}


STARTS: Final[list[tuple[dict[str, Any], str, str]]] = [
    (started("agenda", startTime="2024-05-31"), "variant.agenda.startTime", f'{DATE}, not "2024-05-31"'),
    (started("agenda", startTime=5), "variant.agenda.startTime", f"{DATE}, not 5"),
    (started("agenda", startTime="2024-02-30T00:00:00Z"), "variant.agenda.startTime", "a day of the calendar"),
    (started("agenda", guide="7"), "variant.agenda.guide", "must be a whole number"),
    (started("agenda", guide=2**31), "variant.agenda.guide", "not 2147483648"),
    (started("agenda", locations=[1, "x"]), "variant.agenda.locations.1", 'not "x"'),
    (started("agenda", waitlist="yes"), "variant.agenda.waitlist", 'must be true or false, not "yes"'),
    (started("agenda", name=None), "variant.agenda.name", "must not be null"),
    (started("agenda", nam="x"), "variant.agenda.nam", "is not a field of AgendaSessionInput. Did you mean 'name'"),
    ({"variant": {"agenda": {"guide": 7, "startTime": "2024-05-31T14:00:00Z"}}}, "variant.agenda.name", "be given"),
    (started("field", data=[{"name": "a", "rawData": "a"}]), "variant.field.data.0.rawData", "Base64"),
    (started("field", data=[{"name": "a", "file": "a"}]), "variant.field.data.0.file", 'request, not "a"'),
    ({}, "variant", "must be given"),
    ({"variant": None}, "variant", "must not be null"),
    ({"variant": []}, "variant", "must be an object, not a list"),
    ({"variant": {}}, "variant", f"{KINDS}, not none"),
    ({"variant": {"user": None}}, "variant", f"{KINDS}, not null"),
    ({"variant": {"user": {}, "client": {"clientSystem": "x"}}}, "variant", f"{KINDS}, not client and user"),
    ({"variant": {"user": {}, "client": None}}, "variant", f"{KINDS}, not client and user"),
]


async def refused(api: ApiClient, document: str, **variables: Any) -> list[dict[str, Any]]:
    response = await api.http.post("/graphql", json={"query": document, "variables": variables})
    body = response.json()
    assert body.get("data") is None, body
    for error in body["errors"]:
        assert error["extensions"]["code"] == "BAD_USER_INPUT"
        assert_plain(error["message"])
    errors: list[dict[str, Any]] = body["errors"]
    return errors


def literal(value: Any) -> str:
    match value:
        case dict():
            return "{" + " ".join(f"{name}: {literal(item)}" for name, item in value.items()) + "}"
        case list():
            return "[" + " ".join(map(literal, value)) + "]"
    return orjson.dumps(value).decode()


@pytest.mark.parametrize(("input_", "path", "message"), STARTS, ids=[str(case[0]) for case in STARTS])
async def test_variable_and_literal_are_refused_at_the_same_path(
    shared_api: ApiClient, input_: dict[str, Any], path: str, message: str
) -> None:
    document = f"mutation {{ startSession(input: {literal(input_)}) {{ session {{ id }} }} }}"
    for errors in (await refused(shared_api, START, i=input_), await refused(shared_api, document)):
        (error,) = errors
        assert error["extensions"]["inputPath"] == ["input", *path.split(".")]
        assert error["message"].startswith(f"input.{path}: ")
        assert message in error["message"]


async def test_all_refused_values_of_an_input_come_together(shared_api: ApiClient) -> None:
    input_ = {"timeoutSeconds": "x", "variant": {"media": MEDIA | {"length": "x", "playerTime": {"ts": "x"}}}, "z": 1}
    errors = await refused(shared_api, START, i=input_)
    assert [".".join(error["extensions"]["inputPath"]) for error in errors] == [
        "input.timeoutSeconds",
        "input.variant.media.playerTime.playhead",
        "input.variant.media.playerTime.ts",
        "input.variant.media.length",
        "input.z",
    ]


async def test_wrong_enum_is_answered_with_its_values(shared_api: ApiClient) -> None:
    document = "query($kinds: [SessionKind!]) { sessions(filter: {kinds: $kinds}) { nodes { id } } }"
    (error,) = await refused(shared_api, document, kinds=["USER", "ROBOT"])
    assert error["extensions"]["inputPath"] == ["filter", "kinds", "1"]
    expected = 'filter.kinds.1: must be one of CLIENT, AGENDA, MEDIA, FIELD, USER, not "ROBOT"'
    assert error["message"] == expected
    (error,) = await refused(shared_api, "{ sessions(filter: {kinds: [ROBOT]}) { nodes { id } } }")
    assert error["message"] == "filter.kinds.0: must be one of CLIENT, AGENDA, MEDIA, FIELD, USER, not ROBOT"


async def test_infinite_number_is_refused(shared_api: ApiClient) -> None:
    agenda = '{guide: 1 name: "x" startTime: "2024-05-31T14:00:00Z" rank: 1e999}'
    (error,) = await refused(
        shared_api, f"mutation {{ startSession(input: {{variant: {{agenda: {agenda}}}}}) {{ session {{ id }} }} }}"
    )
    assert error["message"] == "input.variant.agenda.rank: must be a number, not 1e999"


@pytest.mark.parametrize("value", ["1e999", "9" * 30, "[" * 40 + "]" * 40], ids=lambda text: text[:8])
async def test_json_literal_that_cannot_be_stored_is_refused(shared_api: ApiClient, value: str) -> None:
    (error,) = await refused(
        shared_api,
        f"mutation {{ startSession(input: {{variant: {{user: {{}}}} metadata: {{a: {value}}}}}) {{ created }} }}",
    )
    assert error["message"].startswith("input.metadata: must ")


async def test_subscription_refuses_values_in_the_same_way(shared_api: ApiClient) -> None:
    document = "subscription($n: Int) { sessionStats(intervalMs: $n) { total } }"
    response = await shared_api.http.post(
        "/graphql", json={"query": document, "variables": {"n": "x"}}, headers={"accept": "text/event-stream"}
    )
    assert '"inputPath":["intervalMs"]' in response.text
