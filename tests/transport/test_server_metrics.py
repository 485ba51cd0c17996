"""Metrics of the whole server."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from websockets import Subprotocol
from websockets.asyncio.client import connect

from resolvers.feed.log_reader import LogReader
from tests.api_client import ApiClient, open_api
from tests.live_server import serve_app
from tests.polling import TIMEOUT_SECONDS


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[ApiClient]:
    async with open_api(tmp_path / "test.db") as opened:
        yield opened


async def scrape(server: ApiClient) -> dict[str, float]:
    """Return all samples by name and labels."""
    response = await server.http.get("/metrics")
    assert response.status_code == 200
    return {
        " ".join([sample.name, *(f"{name}={value}" for name, value in sample.labels.items())]): sample.value
        for family in text_string_to_metric_families(response.text)
        for sample in family.samples
    }


async def test_active_sessions_are_counted_by_kind(server: ApiClient) -> None:
    assert (await scrape(server))["sessions_active kind=USER"] == 0
    await server.start_user("ann")
    await server.start_user("bob")
    seen = await scrape(server)
    assert (seen["sessions_active kind=USER"], seen["sessions_active kind=MEDIA"]) == (2, 0)
    await server.advance(400)
    assert (await scrape(server))["sessions_active kind=USER"] == 0


async def test_sweeper_rounds_and_ended_sessions_are_counted(server: ApiClient) -> None:
    before = await scrape(server)
    await server.start_user()
    await server.advance(400)
    await server.sweep()
    await server.sweep()
    seen = await scrape(server)
    assert seen["sweeper_rounds_total"] - before["sweeper_rounds_total"] == 2
    assert seen["sweeper_sessions_ended_total"] - before["sweeper_sessions_ended_total"] == 1
    assert 0 < seen["sweeper_last_round_duration_seconds"] < 20


async def test_commits_are_counted_by_calls(server: ApiClient) -> None:
    before = await scrape(server)
    await server.start_user()
    seen = await scrape(server)
    name = "database_commit_calls"
    assert seen[f"{name}_count"] - before[f"{name}_count"] == 1
    assert seen[f"{name}_sum"] - before[f"{name}_sum"] == 1
    assert seen[f"{name}_bucket le=1"] <= seen[f"{name}_bucket le=512"] == seen[f"{name}_bucket le=+Inf"]
    assert seen["database_commit_failures_total"] == 0
    assert seen["database_wal_bytes"] > 0


async def test_sockets_subscriptions_and_queues_are_counted(server: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    async with asyncio.timeout(TIMEOUT_SECONDS), serve_app(server.app) as port:
        async with connect(f"ws://localhost:{port}/graphql", subprotocols=[Subprotocol("graphql-transport-ws")]) as ws:
            await ws.send('{"type":"connection_init"}')
            await ws.recv()
            for id_ in ("1", "2"):
                payload = '{"query":"subscription{activeSessions{__typename}}"}'
                await ws.send(f'{{"type":"subscribe","id":"{id_}","payload":{payload}}}')
                await ws.recv()
            seen = await scrape(server)
            assert seen["graphql_sockets"] == 1
            assert (seen["graphql_subscriptions"], seen["graphql_subscription_groups"]) == (2, 1)
            assert (seen["graphql_queued_bytes"], seen["feed_lag_entries"]) == (0, 0)

            async def nothing(_feed: LogReader) -> None:
                """The log is not read."""

            monkeypatch.setattr(LogReader, "poll", nothing)
            await server.start_user()
            assert (await scrape(server))["feed_lag_entries"] == 1
        while (seen := await scrape(server))["graphql_sockets"]:
            pass
        assert seen["graphql_subscriptions"] == 0
