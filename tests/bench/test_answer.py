"""What the simulation makes of an answer, and of all of them together."""

from io import StringIO
from typing import Any

import orjson
import pytest
from rich.console import Console

from bench.statistics import percentile
from demo.operations import Operation
from demo.plan import Call
from demo.report import Report
from demo.response import Outcome, Response, no_response, parse_response
from models.enums import Kind

STOP = Call(Operation.STOP, Kind.USER, {}, delay=0)
LIST = Call(Operation.LIST, None, None, delay=0)


def payload(session: str | None, *codes: str) -> dict[str, Any]:
    return {"session": {"id": session} if session else None, "problems": [{"code": code} for code in codes]}


@pytest.mark.parametrize(
    ("operation", "data", "expected"),
    [
        (Operation.STOP, payload("s_1"), Response(Outcome.DONE, (), "s_1")),
        (Operation.STOP, payload(None, "NOT_FOUND"), Response(Outcome.PROBLEM, ("NOT_FOUND",))),
        (Operation.STOP, payload("s_1", "SESSION_ENDED"), Response(Outcome.PROBLEM, ("SESSION_ENDED",), "s_1")),
        (
            Operation.KEEPALIVE_MANY,
            [payload("s_1"), payload(None, "NOT_FOUND")],
            Response(Outcome.PROBLEM, ("NOT_FOUND",), "s_1"),
        ),
        (Operation.LIST, {"nodes": []}, Response(Outcome.DONE)),
    ],
)
def test_payloads_tell_done_from_problems(operation: Operation, data: Any, expected: Response) -> None:
    assert parse_response(operation, 200, orjson.dumps({"data": {operation.field: data}})) == expected


def test_errors_are_told_by_their_codes() -> None:
    body = orjson.dumps({"data": None, "errors": [{"extensions": {"code": "TIMEOUT"}}, {"message": "no"}]})
    assert parse_response(Operation.STOP, 200, body) == Response(Outcome.ERROR, ("TIMEOUT", "without a code"))


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"{}", b'{"data":null}', b'{"data":{"stopSession":null}}'])
def test_whatever_is_no_answer_is_an_error(body: bytes) -> None:
    assert parse_response(Operation.STOP, 502, body) == Response(Outcome.ERROR, ("HTTP 502",))


def test_only_an_ended_session_is_no_failure() -> None:
    tally = Report()
    tally.record(STOP, Response(Outcome.DONE), 0.1)
    tally.record(STOP, Response(Outcome.PROBLEM, ("SESSION_ENDED",)), 0.1)
    assert tally.failures == 0
    tally.record(STOP, Response(Outcome.PROBLEM, ("CONFLICT",)), 0.1)
    tally.record(LIST, Response(Outcome.ERROR, ("TIMEOUT",)), 0.1)
    assert (tally.failures, tally.consecutive_failures) == (2, 0)
    tally.record(STOP, no_response(ConnectionError()), 0.1)
    assert (tally.failures, tally.consecutive_failures, tally.total) == (3, 1, 5)


def test_the_tables_show_kinds_outcomes_and_latency() -> None:
    tally = Report()
    tally.record(STOP, Response(Outcome.PROBLEM, ("SESSION_ENDED",)), 0.25)
    tally.record(LIST, Response(Outcome.DONE), 0.5)
    console = Console(file=StringIO(), width=120, record=True)
    tally.print_tables(console)
    shown = console.export_text()
    for word in ("2 operations", "USER", "dashboard", "250.0", "500.0", "SESSION_ENDED", "done"):
        assert word in shown
    assert "CLIENT" not in shown


def test_percentiles_are_values_that_occurred() -> None:
    values = [float(number) for number in range(100, 0, -1)]
    assert [percentile(values, share) for share in (0, 0.5, 0.99, 1)] == [1, 50, 99, 100]
    assert percentile([], 0.5) == 0
