"""Random fragment graphs: refused or answered with little work, and others do not wait for them."""

import asyncio
import gc
import re
import sys
from collections import Counter
from contextlib import closing
from pathlib import Path
from time import perf_counter, process_time
from typing import Final

import orjson
import pytest

from bench.load_generator import percentile
from resolvers.access import LOCAL_ADMIN
from resolvers.context import open_context
from tests.api_client import ApiClient
from tests.bad_inputs.fragment_graphs import FragmentGraphs
from tests.bad_inputs.test_limits_on_every_transport import CPU_SECONDS, MAX_CALLS, SLACK, counted_calls
from tests.live_server import connect, server_process
from transport import Access
from transport.request import OperationCall, OperationRequest
from transport.results import OperationResult

EXPECTED: Final = {"ok", "QUERY_TOO_COMPLEX", "GRAPHQL_VALIDATION_FAILED", "GRAPHQL_PARSE_FAILED"}
CONNECTIONS: Final = 8
ATTACK_HEAD: Final = (
    b"POST /graphql HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 192.0.2.1\r\nContent-Type: application/json\r\n"
)
SECONDS: Final = 20.0


async def outcome(api: ApiClient, document: str) -> str:
    """Execute a document. Returns "ok" or the code of its errors."""
    access = Access(lambda caller: open_context(api.app.state.services, caller))
    call = OperationCall(OperationRequest(document), LOCAL_ADMIN, access)
    result: OperationResult = (await api.app.state.streams.open(call)).result
    return result.error_codes[0] if "errors" in result.body else "ok"


async def test_random_fragment_graphs_take_little_work(shared_api: ApiClient) -> None:
    graphs = FragmentGraphs(seed=24)
    outcomes: Counter[str] = Counter()
    for _ in range(30):
        document = graphs.document()
        with counted_calls() as calls:
            outcomes[await outcome(shared_api, document)] += 1
        assert calls[0] < MAX_CALLS, document[:2_000]
    assert set(outcomes) <= EXPECTED
    assert all(outcomes[code] for code in ("ok", "QUERY_TOO_COMPLEX", "GRAPHQL_VALIDATION_FAILED")), outcomes


@pytest.mark.long
async def test_10000_fragment_graphs_take_little_processor_time(shared_api: ApiClient) -> None:
    graphs = FragmentGraphs(seed=24)
    seconds = []
    outcomes: Counter[str] = Counter()
    gc.freeze()  # as `tune_gc` does in the server: a collection of all that is loaded takes 100 ms
    try:
        for _ in range(10_000):
            document = graphs.document()
            started = process_time()
            outcomes[await outcome(shared_api, document)] += 1
            seconds.append(process_time() - started)
    finally:
        gc.unfreeze()
    shares = ", ".join(f"p{fraction:g} {percentile(seconds, fraction / 100) * 1000:.1f}" for fraction in (50, 99, 100))
    sys.stdout.write(f"{dict(outcomes)}; milliseconds: {shares}\n")
    assert set(outcomes) <= EXPECTED
    assert max(seconds) < CPU_SECONDS * SLACK


@pytest.mark.long
async def test_others_do_not_wait_for_an_attack(tmp_path: Path) -> None:
    async with server_process(tmp_path / "test.db", TRUSTED_PROXIES="127.0.0.1", INSECURE="true") as server:
        idle = await honest_latencies(server.port, 5)
        statuses: Counter[bytes] = Counter()
        attackers = [asyncio.create_task(attack(server.port, seed, statuses)) for seed in range(CONNECTIONS)]
        attacked = await honest_latencies(server.port, SECONDS)
        for attacker in attackers:
            attacker.cancel()
        await asyncio.gather(*attackers, return_exceptions=True)
    p99 = [round(percentile(values, 0.99) * 1000, 1) for values in (idle, attacked)]
    sys.stdout.write(f"p99 in milliseconds without and during the attack: {p99}; {dict(statuses)}\n")
    assert statuses[b"200"] > 10
    assert statuses[b"429"] > 10 * statuses[b"200"]
    assert p99[1] < 1_000  # 100 on a machine that has nothing else to do


async def honest_latencies(port: int, seconds: float) -> list[float]:
    """Return how long the queries of a client take that asks 50 times a second."""
    latencies = []
    async with connect(port) as client:
        end = perf_counter() + seconds
        while (started := perf_counter()) < end:
            await client.ask("{ viewer { name } }")
            latencies.append(perf_counter() - started)
            await asyncio.sleep(0.02)
    return latencies


async def attack(port: int, seed: int, statuses: "Counter[bytes]") -> None:
    """Send graphs from one address without a pause, whatever the server answers."""
    graphs = FragmentGraphs(seed)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    with closing(writer):
        while True:
            body = orjson.dumps({"query": graphs.document()})
            writer.write(ATTACK_HEAD + b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
            received = await reader.readuntil(b"\r\n\r\n")
            statuses[received[9:12]] += 1
            length = re.search(rb"content-length: (\d+)", received)
            assert length is not None
            await reader.readexactly(int(length[1]))
