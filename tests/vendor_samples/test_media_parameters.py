"""Documented parameters of media sessions and their events: the documentation as data, and the code."""

import json
from pathlib import Path
from typing import Any, Final

import pytest

from models.enums import MediaEventType
from models.kinds import media_parameters
from models.kinds.media_event_parameters import BITRATE, EVENT_PARAMS, EVENT_QOE
from models.kinds.media_parameters import CUSTOMER_IDS, QOE_PARAMS, START_PARAMS, ValueType
from tests.api.session_inputs import MEDIA
from tests.api_client import ApiClient
from tests.media.player_client import event_input, start_player

DOCUMENTED: Final[dict[str, Any]] = json.loads(
    (Path(__file__).parents[1] / "vectors" / "media-parameters.json").read_text()
)
VALID: Final[dict[str, Any]] = {"string": "x", "boolean": False, "integer": 7, "number": 7.5}
TYPE_NAMES: Final = {id(getattr(media_parameters, name.upper())): name for name in VALID}
INVALID: Final[dict[str, list[Any]]] = {
    "string": [1, True, None, ["x"], {}, "x" * 1025],
    "boolean": ["true", 1, 0, None],
    "integer": ["7", 1.5, True, None, [7]],
    "number": ["7", True, None, [7], {}],
}
INVALID_IDS: Final = [
    "x",
    [],
    *({"crm": id_} for id_ in ({}, {"id": 1}, {"id": "1", "authState": 3}, {"id": "1", "x": 1})),
]
EVENTS: Final[dict[str, dict[str, list[Any]]]] = {
    type_: {name: spec for name, spec in DOCUMENTED["events"].get(type_, {}).items() if name not in ("qoe", "note")}
    for type_ in MediaEventType
}
"""By event type, the documented type of each parameter and whether it is required."""


def documented_type(type_: ValueType) -> Any:
    """Return the notation of a type in the documentation."""
    if type_ is CUSTOMER_IDS:
        return {"object": "name -> {id: string, authState: 0|1|2}"}
    if type_.description.startswith("one of "):
        return {"enum": type_.description.removeprefix("one of ").split(", ")}
    return TYPE_NAMES[id(type_)]


def valid_value(type_: Any) -> Any:
    if isinstance(type_, str):
        return VALID[type_]
    return type_["enum"][-1] if "enum" in type_ else {"crm": {"id": "1", "authState": 2}, "shop": {"id": "2"}}


def invalid_values(type_: Any) -> list[Any]:
    if isinstance(type_, str):
        return INVALID[type_]
    return ["", 1, None, [type_["enum"][0]], "none of them"] if "enum" in type_ else INVALID_IDS


def invalid_inputs(types: dict[str, Any]) -> list[dict[str, Any]]:
    """Return inputs that together have every invalid value of every parameter."""
    values = {name: invalid_values(type_) for name, type_ in types.items()}
    return [{name: few[turn] for name, few in values.items() if turn < len(few)} for turn in range(6)]


def required_params(type_: str) -> dict[str, Any]:
    return {name: VALID[of] for name, (of, is_required) in EVENTS[type_].items() if is_required}


def test_code_has_exactly_the_documented_parameters() -> None:
    assert {name: documented_type(type_) for name, type_ in START_PARAMS.items()} == DOCUMENTED["start"]
    assert {name: documented_type(type_) for name, type_ in QOE_PARAMS.items()} == DOCUMENTED["qoe"]
    events: dict[str, Any] = {
        type_.value: {name: [TYPE_NAMES[id(parameter.type)], parameter.required] for name, parameter in params.items()}
        for type_, params in EVENT_PARAMS.items()
    }
    events["BITRATE_CHANGE"] = {"qoe": {name: ["integer", True] for name in EVENT_QOE[MediaEventType.BITRATE_CHANGE]}}
    error = {name: spec for name, spec in DOCUMENTED["events"]["ERROR"].items() if name != "note"}
    assert events == DOCUMENTED["events"] | {"ERROR": error}


async def test_start_accepts_and_shows_all_parameters(api: ApiClient) -> None:
    selection = "... on MediaSession { params qoe }"
    params = {name: valid_value(type_) for name, type_ in DOCUMENTED["start"].items()}
    qoe = {name: valid_value(type_) for name, type_ in DOCUMENTED["qoe"].items()}
    session = await api.start_session("media", {**MEDIA, "params": params, "qoe": qoe}, selection)
    assert (session["params"], session["qoe"]) == (params, qoe)
    short = {name.removeprefix("media.qoe."): value for name, value in qoe.items()}
    session = await api.start_session("media", {**MEDIA, "qoe": short}, selection)
    assert session["qoe"] == qoe


@pytest.mark.parametrize(("section", "argument"), [("start", "params"), ("qoe", "qoe")])
async def test_start_refuses_values_of_other_types(api: ApiClient, section: str, argument: str) -> None:
    for wrong in invalid_inputs(DOCUMENTED[section]):
        payload = await api.start_payload("media", {**MEDIA, argument: wrong})
        assert {problem["path"][-1] for problem in payload["problems"]} == set(wrong)


async def test_start_refuses_other_parameters_and_those_with_a_field(api: ApiClient) -> None:
    for name in ("media.id", "media.length", "analytics.visitorId", "media.ad.id", "show", "MEDIA.SHOW"):
        payload = await api.start_payload("media", {**MEDIA, "params": {name: "x"}})
        assert [problem["path"][-1] for problem in payload["problems"]] == [name]


@pytest.mark.parametrize("type_", MediaEventType)
async def test_event_accepts_and_shows_its_parameters(api: ApiClient, type_: str) -> None:
    player = await start_player(api)
    params = {name: VALID[of] for name, (of, _) in EVENTS[type_].items()}
    payload = await player.track(event_input(1, type_, params=params, qoe={"bitrate": 1}))
    assert payload["problems"] == []
    if type_ != "PING":
        assert (await player.activities())[0]["data"].get("params", {}) == params


@pytest.mark.parametrize("type_", MediaEventType)
async def test_event_refuses_other_parameters_types_and_metadata(api: ApiClient, type_: str) -> None:
    player = await start_player(api)
    others = ["media.chapter.index" if type_.startswith("AD") else "media.ad.id", "media.show", "bitrate", ""]
    payload = await player.track(*(event_input(1, type_, params=required_params(type_) | {name: 1}) for name in others))
    assert payload["session"] is not None
    assert [problem["path"] for problem in payload["problems"] if problem["path"][3] == "params"] == [
        ["input", "events", str(index), "params", name] for index, name in enumerate(others)
    ]
    for wrong in invalid_inputs({name: of for name, (of, _) in EVENTS[type_].items()}):
        params = required_params(type_) | wrong
        payload = await player.track(event_input(1, type_, params=params, qoe={"bitrate": 1}))
        assert {problem["path"][-1] for problem in payload["problems"]} == set(wrong)
    more: dict[str, Any] = {"params": required_params(type_), "qoe": {"bitrate": 1}, "customMetadata": {"a": "b"}}
    payload = await player.track(event_input(1, type_, **more))
    refused = [] if type_ in ("AD_START", "CHAPTER_START") else [["input", "events", "0", "customMetadata"]]
    assert [problem["path"] for problem in payload["problems"]] == refused


@pytest.mark.parametrize(("type_", "name"), [(type_, name) for type_ in EVENTS for name in required_params(type_)])
async def test_event_needs_its_required_parameters(api: ApiClient, type_: str, name: str) -> None:
    player = await start_player(api)
    params = {other: value for other, value in required_params(type_).items() if other != name}
    payload = await player.track(event_input(1, "PING"), event_input(1, type_, params=params))
    assert [(problem["path"], problem["message"]) for problem in payload["problems"]] == [
        (["input", "events", "1", "params", name], f"must be given: {type_} needs it")
    ]


@pytest.mark.parametrize(
    ("qoe", "refused"),
    [
        ({}, {BITRATE}),
        ({"droppedFrames": 1}, {BITRATE}),
        ({"bitrate": "fast"}, {"bitrate"}),
        ({"bitrate": 1.5}, {"bitrate"}),
        ({"bitrate": 2**53}, {"bitrate"}),
        ({"bitrate": 1e300}, {"bitrate"}),
        ({"bitrate": 1, BITRATE: 1}, {BITRATE}),
        ({BITRATE: 2**53 - 1}, set()),
    ],
)
async def test_bitrate_change_needs_one_valid_bitrate(api: ApiClient, qoe: dict[str, Any], refused: set[str]) -> None:
    payload = await (await start_player(api)).track(event_input(1, "BITRATE_CHANGE", qoe=qoe))
    assert {tuple(problem["path"][3:]) for problem in payload["problems"]} == {("qoe", name) for name in refused}


async def test_error_parameters_must_not_contradict_its_qoe(api: ApiClient) -> None:
    player = await start_player(api)
    params = {"media.errorId": "e", "media.errorSource": "player"}
    same, other = {"errorID": "e", "errorSource": "player"}, {"errorID": "f", "errorSource": "external"}
    assert (await player.track(event_input(1, "ERROR", params=params, qoe=same)))["problems"] == []
    payload = await player.track(event_input(2, "ERROR", params=params, qoe=other))
    assert [problem["path"][-1] for problem in payload["problems"]] == list(params)


@pytest.mark.parametrize(
    ("metadata", "place"),
    [({"a-b": "c"}, "a-b"), ({"a": 1}, "a"), ({f"n{i}": "" for i in range(51)}, "customMetadata")],
    ids=["name", "value", "count"],
)
async def test_custom_metadata_is_bounded(api: ApiClient, metadata: dict[str, Any], place: str) -> None:
    payload = await (await start_player(api)).track(
        event_input(1, "AD_START", params=required_params("AD_START"), customMetadata=metadata)
    )
    assert [problem["path"][-1] for problem in payload["problems"]] == [place]
