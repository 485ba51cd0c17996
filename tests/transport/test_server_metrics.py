"""Metrics of the whole server."""

import asyncio

import pytest
from websockets import Subprotocol
from websockets.asyncio.client import connect

from resolvers.feed.log_reader import LogReader
from tests.api_client import ApiClient
from tests.live_server import serve_app
from tests.polling import TIMEOUT_SECONDS
from tests.transport.test_metrics import samples


async def scrape(api: ApiClient) -> dict[str, float]:
    response = await api.http.get("/metrics")
    assert response.status_code == 200
    return samples(response.text)


async def test_active_sessions_are_counted_by_kind(api: ApiClient) -> None:
    assert (await scrape(api))["sessions_active kind=USER"] == 0
    await api.start_user("ann")
    await api.start_user("bob")
    seen = await scrape(api)
    assert (seen["sessions_active kind=USER"], seen["sessions_active kind=MEDIA"]) == (2, 0)
    await api.advance(400)
    assert (await scrape(api))["sessions_active kind=USER"] == 0


async def test_sweeper_rounds_and_ended_sessions_are_counted(api: ApiClient) -> None:
    before = await scrape(api)
    await api.start_user()
    await api.advance(400)
    await api.sweep()
    await api.sweep()
    seen = await scrape(api)
    assert seen["sweeper_rounds_total"] - before["sweeper_rounds_total"] == 2
    assert seen["sweeper_sessions_ended_total"] - before["sweeper_sessions_ended_total"] == 1
    assert 0 < seen["sweeper_last_round_duration_seconds"] < 20


async def test_commits_are_counted_by_calls(api: ApiClient) -> None:
    before = await scrape(api)
    await api.start_user()
    seen = await scrape(api)
    name = "database_commit_calls"
    assert seen[f"{name}_count"] - before[f"{name}_count"] == 1
    assert seen[f"{name}_sum"] - before[f"{name}_sum"] == 1
    assert seen[f"{name}_bucket le=1"] <= seen[f"{name}_bucket le=512"] == seen[f"{name}_bucket le=+Inf"]
    assert seen["database_commit_failures_total"] == 0
    assert seen["database_wal_bytes"] > 0


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
            assert (seen["graphql_queued_bytes"], seen["feed_lag_entries"]) == (0, 0)

            async def read_nothing(_log_reader: LogReader) -> bool:
                return True

            monkeypatch.setattr(LogReader, "_read_batch", read_nothing)
            await api.start_user()
            assert (await scrape(api))["feed_lag_entries"] == 1
        while (seen := await scrape(api))["graphql_sockets"]:
            pass
        assert seen["graphql_subscriptions"] == 0
