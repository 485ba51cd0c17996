"""Metrics of the whole server."""

import asyncio
import re
import sqlite3
from typing import Any, Final

import pytest
from sqlalchemy.exc import OperationalError
from websockets import Subprotocol
from websockets.asyncio.client import connect

from models.clock import to_rfc3339
from models.database import Transaction, connection_thread
from models.database.statement import execute_sql
from resolvers.feed.log_reader import LogReader
from resolvers.lifecycle import unit_of_work
from tests.api.session_inputs import MINIMAL_INPUTS
from tests.api_client import ApiClient
from tests.live_server import serve_app
from tests.polling import TIMEOUT_SECONDS
from tests.project.source_tree import ROOT
from tests.transport.test_metrics import samples

STOP: Final = "mutation($id: ID!) { stopSession(input: {id: $id}) { session { state } } }"


async def scrape(api: ApiClient) -> dict[str, float]:
    response = await api.http.get("/metrics")
    assert response.status_code == 200
    return samples(response.text)


async def test_active_sessions_are_counted_by_kind(api: ApiClient) -> None:
    assert (await scrape(api))["session_graph_sessions_active kind=USER"] == 0
    await api.start_user("ann")
    await api.start_user("bob")
    seen = await scrape(api)
    assert (seen["session_graph_sessions_active kind=USER"], seen["session_graph_sessions_active kind=MEDIA"]) == (2, 0)
    await api.advance(400)
    assert (await scrape(api))["session_graph_sessions_active kind=USER"] == 0


async def test_sweeper_rounds_are_counted(api: ApiClient) -> None:
    before = await scrape(api)
    await api.sweep()
    await api.sweep()
    seen = await scrape(api)
    assert seen["session_graph_sweeper_rounds_total"] - before["session_graph_sweeper_rounds_total"] == 2
    assert 0 < seen["session_graph_sweeper_last_round_duration_seconds"] < 20


def changes(seen: dict[str, float]) -> dict[str, float]:
    """Return the counted starts and ends that are not zero, by kind and reason."""
    prefix = re.compile(r"session_graph_sessions_(started|ended)_total kind=(\w+)(?: reason=(\w+))?")
    found = {prefix.fullmatch(name): count for name, count in seen.items() if count}
    return {f"{match[2]} {match[3] or 'STARTED'}": count for match, count in found.items() if match}


async def test_started_and_ended_sessions_are_counted_by_kind_and_reason(api: ApiClient) -> None:
    assert changes(await scrape(api)) == {}
    ids = [(await api.start_user(f"user {number}"))["id"] for number in range(4)]
    await api.mutate("stopSession", {"id": ids[0]})
    await api.mutate("stopSession", {"id": ids[0]})  # a repetition
    await api.mutate("terminateSession", {"id": ids[1], "reason": "test"})
    await api.delete(ids[2])
    assert changes(await scrape(api)) == {"USER STARTED": 4, "USER STOPPED": 1, "USER TERMINATED": 1}
    form = {"unitId": "device", "uuid": "form-1"}
    await api.start_session("field", form)
    await api.start_session("field", form)  # replaces the first
    scheduled = MINIMAL_INPUTS["agenda"] | {"startTime": to_rfc3339(api.clock.value + 3_600_000)}
    agenda = await api.start_session("agenda", scheduled)
    await api.mutate("stopSession", {"id": agenda["id"]})
    seen = changes(await scrape(api))
    assert (seen["FIELD STARTED"], seen["AGENDA CANCELLED"]) == (2, 1)
    assert not {"FIELD STOPPED", "FIELD REPLACED", "AGENDA STARTED"} & seen.keys()


async def test_expiry_is_counted_once_by_sweep_or_call(api: ApiClient) -> None:
    swept, called = await api.start_user("ann"), await api.start_user("bob")
    await api.advance(400)
    await api.mutate("keepaliveSession", {"id": called["id"]})
    assert changes(await scrape(api))["USER EXPIRED"] == 1
    await api.sweep()
    await api.mutate("keepaliveSession", {"id": swept["id"]})
    assert changes(await scrape(api)) == {"USER STARTED": 2, "USER EXPIRED": 2}


async def test_counts_equal_the_log_when_calls_share_transactions_and_fail(
    api: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = unit_of_work.SessionUnitOfWork.end
    failing: set[str] = set()

    def fail_sometimes(uow: Any, at: int, *arguments: Any, **options: Any) -> None:
        original(uow, at, *arguments, **options)
        if uow.session.id in failing:
            raise ValueError("a fault")

    monkeypatch.setattr(unit_of_work.SessionUnitOfWork, "end", fail_sometimes)
    started = await asyncio.gather(*(api.start_user(f"user {number}") for number in range(40)))
    failing |= {each["id"] for each in started[::10]}
    answers = await asyncio.gather(*(api.post(STOP, {"id": each["id"]}) for each in started))
    assert sum("errors" in answer for answer in answers) == 4
    assert changes(await scrape(api)) == {"USER STARTED": 40, "USER STOPPED": 36}


async def test_transaction_that_was_rolled_back_is_not_counted(api: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(tx: Transaction, sql: str) -> None:
        if sql == "COMMIT":
            raise OperationalError(sql, None, sqlite3.OperationalError("disk full"))
        execute_sql(tx, sql)

    session = await api.start_user()
    with monkeypatch.context() as patched:
        patched.setattr(connection_thread, "execute_sql", fail)
        assert await api.error_code(STOP, id=session["id"]) == "SERVICE_UNAVAILABLE"
    assert changes(await scrape(api)) == {"USER STARTED": 1}
    assert (await scrape(api))["session_graph_database_commit_failures_total"] == 1


async def test_commits_are_counted_by_calls(api: ApiClient) -> None:
    before = await scrape(api)
    await api.start_user()
    seen = await scrape(api)
    name = "session_graph_database_commit_calls"
    assert seen[f"{name}_count"] - before[f"{name}_count"] == 1
    assert seen[f"{name}_sum"] - before[f"{name}_sum"] == 1
    assert seen[f"{name}_bucket le=1"] <= seen[f"{name}_bucket le=512"] == seen[f"{name}_bucket le=+Inf"]
    assert seen["session_graph_database_commit_failures_total"] == 0
    assert seen["session_graph_database_wal_bytes"] > 0


async def test_sockets_subscriptions_and_queues_are_counted(api: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    async with asyncio.timeout(TIMEOUT_SECONDS), serve_app(api.app) as port:
        async with connect(f"ws://localhost:{port}/graphql", subprotocols=[Subprotocol("graphql-transport-ws")]) as ws:
            await ws.send('{"type":"connection_init"}')
            await ws.recv()
            for id_ in ("1", "2"):
                payload = '{"query":"subscription{activeSessions{__typename}}"}'
                await ws.send(f'{{"type":"subscribe","id":"{id_}","payload":{payload}}}')
                await ws.recv()
            seen = await scrape(api)
            assert seen["graphql_sockets"] == 1
            assert (seen["graphql_subscriptions"], seen["graphql_subscription_groups"]) == (2, 1)
            assert (seen["graphql_queued_bytes"], seen["session_graph_feed_lag_entries"]) == (0, 0)

            async def read_nothing(_log_reader: LogReader) -> bool:
                return True

            monkeypatch.setattr(LogReader, "_read_batch", read_nothing)
            await api.start_user()
            assert (await scrape(api))["session_graph_feed_lag_entries"] == 1
        while (seen := await scrape(api))["graphql_sockets"]:
            pass
        assert seen["graphql_subscriptions"] == 0


async def test_operations_page_lists_every_metric(api: ApiClient) -> None:
    await api.start_user()
    served = set(re.findall(r"^# TYPE (\S+)", (await api.http.get("/metrics")).text, re.MULTILINE))
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`[^|]*) \| ", page, re.MULTILINE)
    documented = {name for row in rows for name in re.findall(r"`((?:session_graph|graphql|process)_[a-z_…]+)`", row)}
    groups = tuple(name.removesuffix("…") for name in documented if name.endswith("…"))
    assert {
        name for name in served - documented if not name.startswith(groups) and not name.endswith("_created")
    } == set()
    assert {name for name in documented - served if not name.endswith("…")} == set()
