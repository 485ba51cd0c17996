"""sessions(filter:): every field of SessionFilter."""

from typing import Any, Final, cast

import pytest
from graphql import GraphQLInputObjectType, get_named_type, is_input_object_type

from schema import graphql_schema
from tests.api.session_inputs import MEDIA, create_project
from tests.api_client import ApiClient

FIND: Final = "query($filter: SessionFilter) { sessions(filter: $filter) { nodes { subject externalId } totalCount } }"

CASES: Final[list[tuple[str, Any, str]]] = [
    ("kinds", ["AGENDA", "FIELD"], "talk later form"),
    ("projectIds", ["p"], "form"),
    ("states", ["SCHEDULED"], "later"),
    ("states", ["ENDED", "SCHEDULED"], "ann later"),
    ("active", True, "app talk film form bob"),
    ("active", False, "ann later"),
    ("visible", True, "app talk later film form"),
    ("visible", False, "ann bob"),
    ("subjects", ["bob", "u1", "unknown"], "form bob"),
    ("externalIds", ["talk", "form"], "talk form"),
    ("startedAfter", "2026-05-28T20:26:43Z", "later form ann bob"),
    ("startedBefore", "2026-05-28T20:26:43Z", "app talk"),
    ("stoppedAfter", "2026-05-28T20:26:45Z", "ann"),
    ("stoppedBefore", "2026-05-28T20:26:46Z", ""),
    ("seenAfter", "2026-05-28T20:26:45Z", "ann bob"),
    ("seenBefore", "2026-05-28T20:26:41Z", "app"),
    ("endReasons", ["STOPPED"], "ann"),
    ("endReasons", ["EXPIRED", "STALLED"], ""),
    ("pathPrefix", ["home"], "film bob"),
    ("pathPrefix", ["home", "tab"], "bob"),
    ("pathPrefix", [], "app talk later film form ann bob"),
    ("kinds", [], ""),
    ("client", {}, "app"),
    ("client", {"languages": ["fr"]}, "app"),
    ("client", {"languages": ["xx", "FR-ca"]}, "app"),
    ("client", {"languages": ["xx", "fra", ""]}, ""),
    ("client", {"clientSystems": ["Android"]}, ""),
    ("client", {"deviceIds": ["d1"]}, "app"),
    ("client", {"geoListenEnabled": False}, "app"),
    ("client", {"demoStreamEnabled": True}, "app"),
    ("agenda", {"guides": [7, 8]}, "talk later"),
    ("agenda", {"scheduleTracks": [42]}, "talk"),
    ("agenda", {"importIds": ["later"]}, "later"),
    ("media", {"mediaIds": ["m"]}, "film"),
    ("media", {"channels": ["c"]}, "film"),
    ("media", {"contentTypes": ["Live"]}, ""),
    ("media", {"playerStates": ["STARTING"]}, "film"),
    ("field", {"unitIds": ["u1"]}, "form"),
    ("field", {"uuids": ["form"]}, "form"),
    ("user", {"usernames": ["ann", "bob"]}, "ann bob"),
]
"""Field, value, and external ids of the matching sessions of `made`."""

COMBINED_CASES: Final[list[tuple[dict[str, Any], str]]] = [
    ({"user": {"usernames": ["ann"]}, "field": {}}, "form ann"),
    ({"user": {}, "kinds": ["FIELD"]}, ""),
    ({"client": {}, "agenda": {"guides": [8]}, "subjects": ["d1"]}, "app"),
    ({"user": {}, "active": True}, "bob"),
    ({"agenda": {"guides": [7], "scheduleTracks": [3]}, "visible": True}, "talk"),
    ({"active": True, "states": ["ENDED"]}, ""),
    ({"kinds": None, "user": None, "active": None}, "app talk later film form ann bob"),
    ({}, "app talk later film form ann bob"),
]


@pytest.fixture
async def made(api: ApiClient) -> dict[str, str]:
    """Start seven sessions, a second apart; returns ids by external id."""
    await create_project(api, "p")
    talk = {"guide": 7, "name": "Talk", "startTime": "2026-05-28T20:00:00Z", "scheduleTracks": [3, 42]}
    later = {"guide": 7, "name": "Later", "startTime": "2026-05-29T20:00:00Z"}
    app = {"clientSystem": "iOS", "language": "fr", "deviceId": "d1", "demoStreamEnabled": True}
    bob = {"path": ["home", "tab"], "visible": False}
    starts: list[tuple[str, str, dict[str, Any], dict[str, Any]]] = [
        *(("app", "client", app, {}), ("talk", "agenda", talk, {}), ("later", "agenda", later, {})),
        *(("film", "media", MEDIA, {"path": ["home"]}), ("form", "field", {"unitId": "u1"}, {"projectId": "p"})),
        *(("ann", "user", {"username": "ann"}, {}), ("bob", "user", {"username": "bob"}, bob)),
    ]
    ids = {}
    for name, kind, variant, common in starts:
        ids[name] = (await api.start_session(kind, variant, externalId=name, **common))["id"]
        await api.advance(1)
    await api.mutate("stopSession", {"id": ids["ann"]})
    return ids


async def find(api: ApiClient, filter_: dict[str, Any]) -> set[str]:
    answer = await api.execute(FIND, filter=filter_)
    assert answer["totalCount"] == len(answer["nodes"])
    return {node["externalId"] for node in answer["nodes"]}


async def test_each_filter_field_selects_matching_sessions(api: ApiClient, made: dict[str, str]) -> None:
    for name, value, expected in CASES:
        assert await find(api, {name: value}) == set(expected.split()), (name, value)
    for filter_, expected in COMBINED_CASES:
        assert await find(api, filter_) == set(expected.split()), filter_
    assert await find(api, {"ids": [made["app"], made["bob"], "s_unknown"]}) == {"app", "bob"}


def test_every_filter_field_has_a_case() -> None:
    tested = {name for name, _, _ in CASES}
    tested |= {f"{name}.{inner}" for name, value, _ in CASES if isinstance(value, dict) for inner in value}
    declared = set()
    for name, field in cast("GraphQLInputObjectType", graphql_schema.type_map["SessionFilter"]).fields.items():
        declared.add(name)
        type_ = get_named_type(field.type)
        if is_input_object_type(type_):
            declared |= {f"{name}.{inner}" for inner in type_.fields}
    assert declared - tested == {"ids"}
