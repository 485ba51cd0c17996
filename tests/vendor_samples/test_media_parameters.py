"""The documented parameters of a playback, as data and as the code knows them, both ways."""

import json
from pathlib import Path
from typing import Any, Final

import pytest

from models.kinds.media_parameters import BOOLEAN, CUSTOMER_IDS, INTEGER, QOE_PARAMS, START_PARAMS, STRING, ValueType
from tests.api.session_inputs import MEDIA
from tests.api_client import ApiClient

DOCUMENTED: Final[dict[str, Any]] = json.loads(
    (Path(__file__).parents[1] / "vectors" / "media-parameters.json").read_text()
)
SELECTION: Final = "... on MediaSession { params qoe }"

VALID: Final[dict[str, Any]] = {"string": "x", "boolean": False, "integer": 7}
"""A value for each documented type."""
INVALID: Final[dict[str, list[Any]]] = {
    "string": [1, True, None, ["x"], {}, "x" * 1025],
    "boolean": ["true", 1, 0, None],
    "integer": ["7", 1.5, True, None, [7]],
}


def documented_type(type_: ValueType) -> Any:
    """A type of the code as the documentation writes it."""
    if type_ is CUSTOMER_IDS:
        return {"object": "name -> {id: string, authState: 0|1|2}"}
    if type_.description.startswith("one of "):
        return {"enum": type_.description.removeprefix("one of ").split(", ")}
    return {id(STRING): "string", id(BOOLEAN): "boolean", id(INTEGER): "integer"}[id(type_)]


def valid_value(type_: Any) -> Any:
    """A value of a documented type."""
    if isinstance(type_, str):
        return VALID[type_]
    return type_["enum"][-1] if "enum" in type_ else {"crm": {"id": "1", "authState": 2}, "shop": {"id": "2"}}


def invalid_values(type_: Any) -> list[Any]:
    """Values that a documented type does not have."""
    if isinstance(type_, str):
        return INVALID[type_]
    if "enum" in type_:
        return ["", 1, None, [type_["enum"][0]], "none of them"]
    return [
        "x",
        [],
        {"crm": {}},
        {"crm": {"id": 1}},
        {"crm": {"id": "1", "authState": 3}},
        {"crm": {"id": "1", "x": 1}},
    ]


def test_the_code_knows_the_documented_parameters_of_a_start_and_no_others() -> None:
    assert {name: documented_type(type_) for name, type_ in START_PARAMS.items()} == DOCUMENTED["start"]


def test_the_code_knows_the_documented_quality_of_experience_and_no_other() -> None:
    assert {name: documented_type(type_) for name, type_ in QOE_PARAMS.items()} == DOCUMENTED["qoe"]


async def test_all_documented_parameters_go_in_together_and_come_out(api: ApiClient) -> None:
    params = {name: valid_value(type_) for name, type_ in DOCUMENTED["start"].items()}
    qoe = {name: valid_value(type_) for name, type_ in DOCUMENTED["qoe"].items()}
    session = await api.start_session("media", {**MEDIA, "params": params, "qoe": qoe}, SELECTION)
    assert (session["params"], session["qoe"]) == (params, qoe)
    short = {name.removeprefix("media.qoe."): value for name, value in qoe.items()}
    session = await api.start_session("media", {**MEDIA, "qoe": short}, SELECTION)
    assert session["qoe"] == qoe


@pytest.mark.parametrize("section", ["start", "qoe"])
async def test_each_documented_parameter_has_its_type(api: ApiClient, section: str) -> None:
    argument = "params" if section == "start" else "qoe"
    for turn in range(6):
        wrong = {
            name: invalid_values(type_)[turn]
            for name, type_ in DOCUMENTED[section].items()
            if turn < len(invalid_values(type_))
        }
        payload = await api.start_payload("media", {**MEDIA, argument: wrong})
        told = {problem["path"][-1] for problem in payload["problems"]}
        assert told == set(wrong)


async def test_a_required_parameter_has_a_field_of_its_own_and_no_second_home(api: ApiClient) -> None:
    for name in ("media.id", "media.length", "analytics.visitorId", "media.ad.id", "show", "MEDIA.SHOW"):
        payload = await api.start_payload("media", {**MEDIA, "params": {name: "x"}})
        assert [problem["path"][-1] for problem in payload["problems"]] == [name]
