"""The documented parameters of the events of a player, as data and as the code knows them, both ways."""

from typing import Any, Final

import pytest

from models.enums import MediaEventType
from models.kinds.media_event_parameters import BITRATE, EVENT_PARAMS, EVENT_QOE
from models.kinds.media_parameters import INTEGER, NUMBER, STRING
from tests.api_client import ApiClient
from tests.media.player_client import event_input, start_player
from tests.vendor_samples.test_media_parameters import DOCUMENTED, INVALID, VALID

TYPES: Final = {id(STRING): "string", id(INTEGER): "integer", id(NUMBER): "number"}
VALID_VALUES: Final = VALID | {"number": 7.5}
INVALID_VALUES: Final = INVALID | {"number": ["7", True, None, [7], {}]}

DOCUMENTED_PARAMS: Final[dict[str, dict[str, tuple[str, bool]]]] = {
    type_: {
        name: (of[0], of[1]) for name, of in DOCUMENTED["events"].get(type_, {}).items() if name not in ("qoe", "note")
    }
    for type_ in MediaEventType
}
"""By type of event, the documented type of each parameter and whether it is needed."""
REQUIRED: Final = [
    (type_, name) for type_, of in DOCUMENTED_PARAMS.items() for name, (_, needed) in of.items() if needed
]


def test_the_code_knows_the_documented_parameters_of_events_and_no_others() -> None:
    known: dict[str, Any] = {
        type_.value: {name: [TYPES[id(parameter.type)], parameter.required] for name, parameter in of.items()}
        for type_, of in EVENT_PARAMS.items()
    }
    known["BITRATE_CHANGE"] = {"qoe": {name: ["integer", True] for name in EVENT_QOE[MediaEventType.BITRATE_CHANGE]}}
    error = DOCUMENTED["events"]["ERROR"]
    assert known == DOCUMENTED["events"] | {"ERROR": {name: error[name] for name in error if name != "note"}}


@pytest.mark.parametrize("type_", MediaEventType)
async def test_an_event_takes_all_its_documented_parameters_and_shows_them(api: ApiClient, type_: str) -> None:
    found = await start_player(api)
    params = {name: VALID_VALUES[of] for name, (of, _) in DOCUMENTED_PARAMS[type_].items()}
    payload = await found.track(event_input(1, type_, params=params, qoe={"bitrate": 1}))
    assert payload["problems"] == []
    if type_ != "PING":
        assert (await found.activities())[0]["data"].get("params", {}) == params


def required_params(type_: str) -> dict[str, Any]:
    """What a type of event needs."""
    return {name: VALID_VALUES[of] for name, (of, is_needed) in DOCUMENTED_PARAMS[type_].items() if is_needed}


@pytest.mark.parametrize("type_", MediaEventType)
async def test_an_event_takes_no_other_parameter(api: ApiClient, type_: str) -> None:
    found = await start_player(api)
    others = ["media.chapter.index" if type_.startswith("AD") else "media.ad.id", "media.show", "bitrate", ""]
    payload = await found.track(*(event_input(1, type_, params={**required_params(type_), name: 1}) for name in others))
    assert [problem["path"] for problem in payload["problems"]] == [
        ["input", "events", str(index), "params", name] for index, name in enumerate(others)
    ]
    assert payload["session"] is None


@pytest.mark.parametrize(("type_", "name"), REQUIRED)
async def test_an_event_needs_what_is_documented_as_required(api: ApiClient, type_: str, name: str) -> None:
    found = await start_player(api)
    params = required_params(type_)
    del params[name]
    payload = await found.track(event_input(1, "PING"), event_input(1, type_, params=params))
    assert [(problem["path"], problem["message"]) for problem in payload["problems"]] == [
        (["input", "events", "1", "params", name], f"must be given: {type_} needs it")
    ]


@pytest.mark.parametrize("type_", [type_ for type_ in MediaEventType if DOCUMENTED_PARAMS[type_]])
async def test_each_parameter_has_its_documented_type(api: ApiClient, type_: str) -> None:
    found = await start_player(api)
    for turn in range(6):
        wrong = {
            name: INVALID_VALUES[of][turn]
            for name, (of, _) in DOCUMENTED_PARAMS[type_].items()
            if turn < len(INVALID_VALUES[of])
        }
        payload = await found.track(event_input(1, type_, params=required_params(type_) | wrong))
        assert {problem["path"][-1] for problem in payload["problems"]} == set(wrong)


@pytest.mark.parametrize(
    ("qoe", "told"),
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
async def test_a_change_of_the_bitrate_needs_one(api: ApiClient, qoe: dict[str, Any], told: set[str]) -> None:
    payload = await (await start_player(api)).track(event_input(1, "BITRATE_CHANGE", qoe=qoe))
    assert {".".join(problem["path"]) for problem in payload["problems"]} == {f"input.events.0.qoe.{n}" for n in told}


async def test_an_error_may_say_twice_the_same_and_not_two_things(api: ApiClient) -> None:
    found = await start_player(api)
    params = {"media.errorId": "e", "media.errorSource": "player"}
    payload = await found.track(event_input(1, "ERROR", params=params, qoe={"errorID": "e", "errorSource": "player"}))
    assert payload["problems"] == []
    payload = await found.track(event_input(2, "ERROR", params=params, qoe={"errorID": "f", "errorSource": "external"}))
    assert [problem["path"][-1] for problem in payload["problems"]] == list(params)


async def test_only_ads_and_chapters_have_metadata_of_your_own(api: ApiClient) -> None:
    found = await start_player(api)
    for type_ in MediaEventType:
        more: dict[str, Any] = {"params": required_params(type_), "qoe": {"bitrate": 1}, "customMetadata": {"a": "b"}}
        payload = await found.track(event_input(1, type_, **more))
        refused = [] if type_ in ("AD_START", "CHAPTER_START") else [["input", "events", "0", "customMetadata"]]
        assert [problem["path"] for problem in payload["problems"]] == refused
    for wrong, at in [({"a-b": "c"}, "a-b"), ({"a": 1}, "a"), ({f"n{i}": "" for i in range(51)}, "customMetadata")]:
        payload = await found.track(event_input(1, "AD_START", customMetadata=wrong))
        assert [problem["path"][-1] for problem in payload["problems"]] == [at]
