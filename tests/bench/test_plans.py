"""The simulation only says what the API takes, and says the same again when asked with the same seed."""

import base64
from collections import Counter
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from graphql import GraphQLSchema, OperationDefinitionNode, assert_scalar_type, build_schema, parse, validate
from graphql.execution.values import get_variable_values

from demo.operations import Operation
from demo.report import OPERATION_COLUMNS
from demo.scheduler import ScheduledCall, Scheduler
from models.enums import Kind
from models.kinds import KINDS
from models.kinds.start import StartFields

PRINTED = Path(__file__).parents[2] / "schema" / "schema.graphql"
BEGAN = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
TURNS = 4000
RATE = 20.0


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    """The printed schema, with scalars that look at what they are given."""
    built = build_schema(PRINTED.read_text())
    assert_scalar_type(built.type_map["DateTime"]).coerce_input_value = _milliseconds
    assert_scalar_type(built.type_map["Base64"]).coerce_input_value = _bytes
    return built


@cache
def turns(seed: int = 1, began: datetime = BEGAN) -> list[tuple[ScheduledCall, dict[str, Any]]]:
    """A run in which every start is answered at once: the calls with their variables."""
    world, told = Scheduler(seed, began), []
    for number in range(TURNS):
        turn = world.next_call(number / RATE)
        told.append((turn, turn.call.variables(turn.visitor.ids)))
        if turn.start_index is not None:
            turn.visitor.ids[turn.start_index] = f"s_{number:022}"
    return told


@pytest.mark.parametrize("operation", Operation)
def test_every_document_is_valid(schema: GraphQLSchema, operation: Operation) -> None:
    assert validate(schema, parse(operation.document)) == []


def test_every_variable_fits_its_type(schema: GraphQLSchema) -> None:
    for turn, variables in turns():
        coerced(schema, turn.call.operation, variables)


def test_every_start_keeps_the_rules_of_its_kind(schema: GraphQLSchema) -> None:
    starts = [(turn, given) for turn, given in turns() if turn.call.operation is Operation.START]
    for turn, given in starts:
        start = coerced(schema, Operation.START, given)["input"]
        variant = start.pop("variant")
        assert turn.call.kind is not None
        assert list(variant) == [turn.call.kind.lower()]
        assert list(KINDS[turn.call.kind].fields(**variant[turn.call.kind.lower()]).find_problems()) == []
        assert list(StartFields(**start).find_problems()) == []


def test_all_kinds_and_all_operations_occur() -> None:
    calls = [turn.call for turn, _ in turns()]
    assert {call.operation for call in calls} == set(Operation) == set(OPERATION_COLUMNS)
    kinds = Counter(call.kind for call in calls)
    assert set(kinds) == {*Kind, None}
    assert min(kinds.values()) > TURNS / 100


def test_a_short_run_shows_all_kinds() -> None:
    assert {turn.call.kind for turn, _ in turns()[:6]} == {*Kind, None}


def test_some_forms_are_sent_again_and_some_launches_carry_on() -> None:
    starts = [given["input"] for turn, given in turns() if turn.call.operation is Operation.START]
    uuids = Counter(start["variant"]["field"]["uuid"] for start in starts if "field" in start["variant"])
    assert {1, 2} == set(uuids.values())
    assert any("previousId" in start for start in starts)


def test_the_same_seed_tells_the_same_story() -> None:
    assert [given for _, given in turns(1)] == [given for _, given in turns.__wrapped__(1)]
    assert [given for _, given in turns(1)] != [given for _, given in turns(2)]


def test_names_that_must_be_new_are_new_in_each_run() -> None:
    assert secrets(turns(1)).isdisjoint(secrets(turns(1, datetime(2026, 3, 1, 9, 31, tzinfo=UTC))))


def test_a_visitor_who_gave_up_calls_no_more() -> None:
    world = Scheduler(seed=1, started_at=BEGAN)
    gone = [world.next_call(number / RATE).visitor for number in range(20)]
    for visitor in gone:
        visitor.finished = True
    assert all(world.next_call(3600 + number / RATE).visitor not in gone for number in range(200))


def coerced(schema: GraphQLSchema, operation: Operation, variables: dict[str, Any]) -> dict[str, Any]:
    """The variables as the server's types read them."""
    definition = parse(operation.document).definitions[0]
    assert isinstance(definition, OperationDefinitionNode)
    read = get_variable_values(schema, definition.variable_definitions or (), variables)
    assert not isinstance(read, list), (operation, read)
    return read.coerced


def secrets(told: list[tuple[ScheduledCall, dict[str, Any]]]) -> set[str]:
    """What the server holds to be unique: keys, client ids, uuids, import ids."""
    starts = [given["input"] for turn, given in told if turn.call.operation is Operation.START]
    variants = [fields for start in starts for fields in start["variant"].values()]
    names = ("clientId", "uuid", "importId")
    found = {fields[name] for fields in variants for name in names if name in fields}
    return found | {start["idempotencyKey"] for start in starts if "idempotencyKey" in start}


def _milliseconds(value: Any) -> int:
    moment = datetime.fromisoformat(value)
    assert moment.tzinfo is not None
    return int(moment.timestamp() * 1000)


def _bytes(value: Any) -> bytes:
    return base64.b64decode(value, validate=True)
