"""Samples printed in the documentation of the five vendors: one start takes and shows all of each."""

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

SAMPLES: Final[dict[str, Any]] = json.loads((Path(__file__).parents[1] / "vectors" / "samples.json").read_text())

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


def flatten(value: Any, parent: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every path of a sample with its value, branches too."""
    for name, part in value.items() if isinstance(value, dict) else ():
        path = f"{parent}.{name}" if parent else name
        yield path, part
        yield from flatten(part, path)


PRINTED: Final = {kind: dict(flatten(SAMPLES[kind])) for kind in MAPPINGS}


def split_path(path: str) -> list[str]:
    """Split at dots; a dot in a name is written with a backslash."""
    return [step.replace("\\.", ".") for step in re.split(r"(?<!\\)\.", path)]


def value_at(value: Any, path: str) -> Any:
    for step in split_path(path):
        value = value[int(step)] if isinstance(value, list) else value[step]
    return value


def set_at(start: dict[str, Any], path: str, value: Any) -> None:
    *parents, name = split_path(path)
    for parent in parents:
        start = start.setdefault(parent, {})
    start[name] = value


def numeric_keys_to_lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    parts = {name: numeric_keys_to_lists(part) for name, part in value.items()}
    return [parts[name] for name in sorted(parts)] if parts and all(map(str.isdigit, parts)) else parts


def start_input(kind: str) -> Any:
    """Return one start with all printed values."""
    start: dict[str, Any] = {"variant": {kind.lower(): {}}}
    for path, value in EXTRA_INPUT.get(kind, {}).items():
        set_at(start, path, value)
    for field in MAPPINGS[kind]:
        if field.input_path is not None:
            set_at(start, field.input_path, field.conversion.to_input(PRINTED[kind][field.source]))
    return numeric_keys_to_lists(start)


def sample_time(kind: str) -> Instant:
    """Return the server time of a sample, at which the times that its server printed come out."""
    if kind == "USER":
        return int(PRINTED[kind]["keepalive.answer.time"]) * 1000
    text = PRINTED[kind].get("answer.starttime") or PRINTED[kind].get("answer.created_at")
    return EPOCH if text is None else int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


@pytest.mark.parametrize("kind", MAPPINGS)
async def test_one_start_takes_and_shows_all_printed_fields(tmp_path: Path, kind: str) -> None:
    async with open_api(tmp_path / "test.db", FakeClock(sample_time(kind))) as api:
        await api.execute('mutation { createProject(input: {id: "1"}) { problems { code } } }')
        payload = await api.execute(START, input=start_input(kind))
    assert (payload["problems"], payload["created"]) == ([], True)
    for field in MAPPINGS[kind]:
        printed, shown = PRINTED[kind][field.source], value_at(payload["session"], field.output_path)
        assert field.conversion.is_shown(printed, shown), field.source


@pytest.mark.parametrize("kind", MAPPINGS)
def test_every_printed_field_is_mapped_once(kind: str) -> None:
    mapped = [field.source for field in MAPPINGS[kind]]
    assert len(set(mapped)) == len(mapped)
    mapped += [name.removeprefix(f"{kind} ") for name in (*MUTATIONS, *LIST_ARGUMENTS) if name.startswith(f"{kind} ")]
    leaves = {path for path, value in PRINTED[kind].items() if not isinstance(value, dict)} - {"also"}
    assert {leaf for leaf in leaves if not any(f"{leaf}.".startswith(f"{path}.") for path in mapped)} == set()
    assert set(mapped) <= set(PRINTED[kind])


def test_deviations_are_listed() -> None:
    listed: dict[str, str] = dict(text.split(": ", 1) for text in SAMPLES["deviations"])
    assert len(listed) == len(SAMPLES["deviations"])
    assert set(listed) == set(MAPPINGS)
    for kind, fields in MAPPINGS.items():
        deviations = [OTHER_DEVIATIONS.get(kind, ""), *(field.deviation for field in fields)]
        assert [text for text in deviations if text not in listed[kind]] == []


def test_printed_calls_are_mutations() -> None:
    assert graphql_schema.mutation_type is not None
    for name, (printed, mutation) in MUTATIONS.items():
        kind, _, path = name.partition(" ")
        assert PRINTED[kind][path] == printed
        assert mutation in graphql_schema.mutation_type.fields


@pytest.mark.parametrize("name", LIST_ARGUMENTS)
def test_printed_list_parameter_is_an_argument(name: str) -> None:
    assert graphql_schema.query_type is not None
    arguments: Any = graphql_schema.query_type.fields["sessions"].args
    for step in LIST_ARGUMENTS[name].split("."):
        type_ = get_named_type(arguments[step].type)
        arguments = type_.fields if is_input_object_type(type_) else {}
    assert not isinstance(type_, GraphQLInputObjectType)


async def test_printed_calls_of_a_web_ui_have_their_effects(api: ApiClient) -> None:
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
