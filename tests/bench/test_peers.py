"""The servers of other projects, as the benchmark installs and runs them. Long: npm downloads, and may compile."""

from pathlib import Path

import pytest

from bench.load_generator import run_closed_loop
from bench.peers import ALL_SPECS, READ_SPECS, SESSION_GRAPH, SUBSCRIPTION_SPECS, TYPENAME_SPECS, WRITE_SPECS
from bench.scenarios import requests
from bench.scenarios.live_queries import different_documents
from bench.scenarios.subscriptions import DISTINCT_DOCUMENTS
from bench.seed import seed_sessions
from bench.servers import ServerSpec, ServerUnavailable, running_server
from bench.subscribers.subscribed import subscribed

READS = (requests.SESSION_WORK, requests.PAGE_WORK, requests.PAGE_BY_LAST_SEEN_WORK, requests.EQUAL_PAGES_WORK)
WRITES = (requests.KEEPALIVE_WORK, requests.MOVE_WORK)


def works_of(spec: ServerSpec) -> list[requests.Work]:
    return [
        *([requests.TYPENAME_WORK] if spec in TYPENAME_SPECS else []),
        *(READS if spec in READ_SPECS else []),
        *(WRITES if spec in WRITE_SPECS else []),
    ]


@pytest.mark.long
@pytest.mark.parametrize("spec", [spec for spec in ALL_SPECS if spec is not SESSION_GRAPH], ids=lambda spec: spec.name)
async def test_server_of_another_project_does_its_work(spec: ServerSpec) -> None:
    try:
        spec.prepare()
    except ServerUnavailable as reason:
        pytest.skip(str(reason))
    async with running_server(spec, None) as server:
        await seed_sessions(server, 60)
        assert len(set(server.sessions)) == 60
        for work in works_of(spec):
            streams = [[next(iter(stream))] for stream in work.streams(server, 3)]
            result = await run_closed_loop(server.port, streams, work.is_valid, 60)
            assert (work.name, len(result.latencies), result.responses) == (work.name, 3, 3)
        if spec in SUBSCRIPTION_SPECS:
            documents = [*DISTINCT_DOCUMENTS, *different_documents(2)]
            async with subscribed(server, documents, len(documents)) as target:
                await target.publish(3)
                assert target.pool.delivered.value == 3 * len(documents)
        assert server.cpu_seconds > 0
    assert Path(server.database).parent.exists() is False
