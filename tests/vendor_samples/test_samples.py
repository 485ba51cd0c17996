"""The samples printed in the documentation of the five systems: each goes in as one start, and all of it comes out."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest
from graphql import GraphQLInputObjectType, get_named_type, is_input_object_type

from models.clock import Instant
from schema import graphql_schema
from tests.api_client import EPOCH, ApiClient, FakeClock, open_api
from tests.vendor_samples.mapping import EXTRA_INPUT, LIST_ARGUMENTS, MAPPINGS, MUTATIONS, OTHER_DEVIATIONS

FILE: Final = Path(__file__).parents[1] / "vectors" / "samples.json"
SAMPLES: Final[dict[str, Any]] = json.loads(FILE.read_text())
DEVIATIONS: Final[list[str]] = SAMPLES["deviations"]

START: Final = """mutation($input: StartSessionInput!) { startSession(input: $input) {
    created problems { path message } session {
    id project { id } path visible startedAt lastSeenAt endedAt createdAt updatedAt
    activities(first: 1) { edges { node { type clientTime } } }
    ... on ClientSession { clientSystem clientType deviceId demoStreamEnabled geoListenEnabled language timezone }
    ... on AgendaSession { guide name descriptionHtml startTime endTime allDay allowRating addToSchedule importId
        scheduleTracks }
    ... on MediaSession { trackingServer reportSuite organizationId visitorId mediaId mediaName length contentType
        playerName channel sdkVersion playhead params customMetadata qoe }
    ... on FieldSession { uuid unitId created saved timezoneOffsetSeconds data { value rawData } } } } }"""


def flatten(value: Any, at: str = "") -> Iterator[tuple[str, Any]]:
    """Everything in a sample with its place, branches too."""
    for name, part in value.items() if isinstance(value, dict) else ():
        place = f"{at}.{name}" if at else name
        yield place, part
        yield from flatten(part, place)


def split_path(place: str) -> list[str]:
    """The names in a place; a dot in a name is written with a backslash."""
    return [step.replace("\\.", ".") for step in re.split(r"(?<!\\)\.", place)]


def value_at(value: Any, place: str) -> Any:
    """What stands at a place of an answer."""
    for step in split_path(place):
        value = value[int(step)] if isinstance(value, list) else value[step]
    return value


def set_at(start: dict[str, Any], place: str, value: Any) -> None:
    """Say something in a start; numbers in a place are the places of a list."""
    *ways, last = split_path(place)
    for way in ways:
        start = start.setdefault(way, {})
    start[last] = value


def numeric_keys_to_lists(value: Any) -> Any:
    """The same, with lists where names are numbers."""
    if not isinstance(value, dict):
        return value
    parts = {name: numeric_keys_to_lists(part) for name, part in value.items()}
    return [parts[name] for name in sorted(parts)] if parts and all(map(str.isdigit, parts)) else parts


def start_input(kind: str) -> dict[str, Any]:
    """One start that says all that is printed."""
    printed = dict(flatten(SAMPLES[kind]))
    start: dict[str, Any] = {"variant": {kind.lower(): {}}}
    for place, value in EXTRA_INPUT.get(kind, {}).items():
        set_at(start, place, value)
    for home in MAPPINGS[kind]:
        if home.input_path is not None:
            set_at(start, home.input_path, home.conversion.to_input(printed[home.source]))
    whole: dict[str, Any] = numeric_keys_to_lists(start)
    return whole


def sample_time(kind: str) -> Instant:
    """When the sample was made: then the times that its server printed must come out too."""
    printed = dict(flatten(SAMPLES[kind]))
    if kind == "USER":
        return int(printed["keepalive.answer.time"]) * 1000
    text = printed.get("answer.starttime") or printed.get("answer.created_at")
    return EPOCH if text is None else int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


async def start_sample(api: ApiClient, kind: str) -> dict[str, Any]:
    """What starting a sample answers: the session, and whether it is new."""
    await api.execute('mutation { createProject(input: {id: "1"}) { problems { code } } }')
    payload = await api.execute(START, input=start_input(kind))
    assert (payload["problems"], payload["created"]) == ([], True)
    session: dict[str, Any] = payload["session"]
    return session


@pytest.mark.parametrize("kind", MAPPINGS)
async def test_all_that_a_sample_prints_goes_in_with_one_start_and_comes_out(tmp_path: Path, kind: str) -> None:
    printed = dict(flatten(SAMPLES[kind]))
    async with open_api(tmp_path / "test.db", FakeClock(sample_time(kind))) as api:
        session = await start_sample(api, kind)
    for home in MAPPINGS[kind]:
        assert home.conversion.matches(printed[home.source], value_at(session, home.output_path)), home.source


@pytest.mark.parametrize("kind", MAPPINGS)
def test_no_printed_field_is_forgotten(kind: str) -> None:
    homes = {home.source for home in MAPPINGS[kind]}
    homes |= {name.removeprefix(f"{kind} ") for name in (*MUTATIONS, *LIST_ARGUMENTS) if name.startswith(f"{kind} ")}
    leaves = {place for place, value in flatten(SAMPLES[kind]) if not isinstance(value, dict)} - {"also"}
    without = {leaf for leaf in leaves if not any(f"{leaf}.".startswith(f"{home}.") for home in homes)}
    assert without == set()
    assert {home for home in homes if home not in dict(flatten(SAMPLES[kind]))} == set()


@pytest.mark.parametrize("kind", MAPPINGS)
def test_the_deviations_are_those_that_are_listed(kind: str) -> None:
    listed = [text for text in DEVIATIONS if text.startswith(f"{kind}: ")]
    claimed = [words for words in (OTHER_DEVIATIONS.get(kind), *(home.deviation for home in MAPPINGS[kind])) if words]
    assert len(listed) == 1
    assert [words for words in claimed if words not in listed[0]] == []
    assert {text.partition(":")[0] for text in DEVIATIONS} == set(MAPPINGS)


@pytest.mark.parametrize("name", MUTATIONS)
def test_each_call_that_a_sample_names_is_a_mutation(name: str) -> None:
    kind, _, place = name.partition(" ")
    printed, call = MUTATIONS[name]
    assert dict(flatten(SAMPLES[kind]))[place] == printed
    assert graphql_schema.mutation_type is not None
    assert call in graphql_schema.mutation_type.fields


@pytest.mark.parametrize("name", LIST_ARGUMENTS)
def test_each_parameter_of_a_list_is_an_argument(name: str) -> None:
    assert graphql_schema.query_type is not None
    arguments: Any = graphql_schema.query_type.fields["sessions"].args
    for step in LIST_ARGUMENTS[name].split("."):
        type_ = get_named_type(arguments[step].type)
        arguments = type_.fields if is_input_object_type(type_) else {}
    assert not isinstance(type_, GraphQLInputObjectType)


async def test_the_printed_calls_of_a_user_interface_do_what_they_did(api: ApiClient) -> None:
    sample = SAMPLES["USER"]
    session = await api.start_user()
    alive = await api.mutate("keepaliveSession", {"id": session["id"], **sample["keepalive"]["request"]})
    assert alive["session"]["path"] == sample["keepalive"]["answer"]["paths"]
    hidden = await api.mutate("hideSession", {"id": session["id"], **sample["hide"]["request"]})
    assert hidden["session"]["visible"] is False
    listed = await api.execute(
        """{ sessions(filter: {user: {usernames: ["ann"]}, active: true, startedAfter: "2020-01-01T00:00:00Z"},
             first: 10, offset: 0) { nodes { id } } }"""
    )
    assert listed["nodes"] == [{"id": session["id"]}]


def test_a_printed_field_has_one_home() -> None:
    for homes in MAPPINGS.values():
        assert len({home.source for home in homes}) == len(homes)
