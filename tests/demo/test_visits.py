"""The visits of the demo, against a server whose clock they move; and the scheduler and the report."""

import asyncio
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime
from io import StringIO
from random import Random
from typing import Any

import httpx2
import orjson
import pytest
from rich.console import Console

from demo.report import Outcome, Report, Response, parse_response
from demo.scheduler import MAX_CONSECUTIVE_FAILURES, PLANS, Plan, Scheduler
from demo.user_visitor import browse
from demo.visit import DOCUMENTS, Visit, VisitOver
from models.enums import Kind, ProblemCode
from tests.api_client import ApiClient

MAX_CALLS = 60
"""Calls after which a visit is cut short: a dashboard polls without end."""


class Recorder:
    """Sends the operations of visits to a server, and keeps the responses."""

    def __init__(self, api: ApiClient) -> None:
        self.api = api
        self.fields: Counter[str] = Counter()
        self.failures: list[tuple[str, dict[str, Any], Response]] = []
        self.expired = 0

    async def visit(self, plan: Plan, seed: int) -> None:
        calls = self.fields.total()

        async def send(_: Visit, field: str, variables: dict[str, Any]) -> Response:
            if self.fields.total() - calls > MAX_CALLS:
                raise VisitOver
            self.fields[field] += 1
            body = {"query": DOCUMENTS[field], "variables": variables}
            http = await self.api.http.post("/graphql", json=body)
            response = parse_response(field, http.status_code, http.content)
            if response.codes == (ProblemCode.SESSION_ENDED,):
                self.expired += 1
            elif response.outcome is not Outcome.OK:
                self.failures.append((field, variables, response))
            return response

        def now() -> datetime:
            return datetime.fromtimestamp(self.api.clock.now() / 1000, UTC)

        with suppress(VisitOver):
            await plan(Visit(PLANS[plan][0], Random(seed), send, self.api.advance, now))  # noqa: S311 - reproducible


async def test_every_plan_sends_valid_operations_of_all_kinds(api: ApiClient) -> None:
    recorder = Recorder(api)
    for plan in PLANS:
        for seed in range(25 if plan is browse else 10):
            await recorder.visit(plan, seed)
    assert recorder.failures == []
    assert set(recorder.fields) == set(DOCUMENTS)
    assert recorder.expired > 0
    assert {kind for kind, _ in PLANS.values()} == {*Kind, None}
    by_kind = await api.execute("{ sessionStats { byKind { kind } } }")
    assert {group["kind"] for group in by_kind["byKind"]} == set(Kind)


async def test_scheduler_starts_each_plan_once_at_first(api: ApiClient) -> None:
    report = Report()
    progress: list[float] = []
    await Scheduler(api.http, "/graphql", 1, report).run(20, 1.0, progress.append)
    assert set(report.outcomes) == {(Outcome.OK, "")}
    assert len(progress) >= len(PLANS)
    by_kind = await api.execute("{ sessionStats { byKind { kind } } }")
    assert {group["kind"] for group in by_kind["byKind"]} == set(Kind)


async def test_scheduler_stops_when_the_server_is_lost() -> None:
    def refuse(_: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("refused")

    async with httpx2.AsyncClient(transport=httpx2.MockTransport(refuse), base_url="http://lost") as http:
        report = Report()
        scheduler = Scheduler(http, "/graphql", 1, report)
        async with asyncio.timeout(60):
            await scheduler.run(1000, 3600, lambda _: None)
    assert scheduler.is_server_lost
    assert report.failures >= MAX_CONSECUTIVE_FAILURES


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"{}", b'{"data":null}', b'{"data":{"stopSession":null}}'])
def test_response_that_is_not_graphql_is_an_error(body: bytes) -> None:
    assert parse_response("stopSession", 502, body) == Response(Outcome.ERROR, ("HTTP 502",))


def test_response_to_several_inputs_has_the_codes_of_all() -> None:
    payload = {"results": [{"problems": []}, {"problems": [{"code": "NOT_FOUND"}]}], "problems": []}
    body = orjson.dumps({"data": {"keepaliveSessions": payload}})
    expected = Response(Outcome.PROBLEM, ("NOT_FOUND",), payload)
    assert parse_response("keepaliveSessions", 200, body) == expected


def test_report_counts_only_unexpected_outcomes_as_failures() -> None:
    report = Report()
    report.record(Kind.USER, Response(Outcome.OK), 0.1)
    report.record(Kind.USER, Response(Outcome.PROBLEM, ("SESSION_ENDED",)), 0.25)
    assert report.failures == 0
    report.record(None, Response(Outcome.ERROR, ("TIMEOUT",)), 0.5)
    assert (report.failures, report.consecutive_failures) == (1, 0)
    report.record(None, Response(Outcome.NO_RESPONSE, ("ConnectError",)), 0.5)
    assert (report.failures, report.consecutive_failures) == (2, 1)
    console = Console(file=StringIO(), width=120, record=True)
    report.print(console)
    printed = console.export_text()
    for text in ("USER", "dashboard", "250.0", "500.0", "1 × problem: SESSION_ENDED", "1 × error: TIMEOUT"):
        assert text in printed
    assert "CLIENT" not in printed
