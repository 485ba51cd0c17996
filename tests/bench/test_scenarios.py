"""Smoke tests of the benchmark: its documents, the baseline, subscribers of both servers, and the table."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from io import StringIO
from itertools import islice, repeat
from math import inf
from pathlib import Path

import orjson
import pytest
from graphql import build_schema, parse, validate
from rich.console import Console
from starlette.applications import Starlette
from typer import BadParameter

import main
from bench.__main__ import NAMES, select_scenarios
from bench.baselines.bare.app import create_app as create_bare
from bench.baselines.strawberry.app import create_app as create_baseline
from bench.harness import BenchConfig, Harness, interleaved
from bench.http_client import HttpClient
from bench.load_generator import LoadFailed, UnexpectedResponse, encode_request, percentile, run_closed_loop
from bench.node_packages import BASELINES
from bench.peers import BARE, STRAWBERRY
from bench.report import scenario_table
from bench.scenarios import SCENARIOS, history, requests
from bench.scenarios.base import Row
from bench.scenarios.burst import send_burst
from bench.scenarios.large_set import COUNT, SHORT_QUERY, SUBSCRIPTION, deliver_set
from bench.scenarios.live_queries import different_documents
from bench.scenarios.restart import send_keepalives, wait_reconnected
from bench.scenarios.subscriptions import DISTINCT_DOCUMENTS, RESUMABLE_DOCUMENTS, SHARED_DOCUMENTS
from bench.seed import START_MUTATION, seed_sessions
from bench.servers import Server, ServerFailed, ServerSpec, ServerUnavailable
from bench.subscribers.subscribed import MOVE_MUTATION, subscribed
from bench.system_info import cpu_seconds
from tests.api_client import ApiClient
from tests.live_server import serve_app
from tests.polling import wait_until
from transport import Limits

PRINTED = Path(__file__).parents[2] / "schema" / "schema.graphql"
SUBSCRIPTIONS = [document["query"] for document in (*SHARED_DOCUMENTS, *DISTINCT_DOCUMENTS, *RESUMABLE_DOCUMENTS)]
LARGE_SET = [COUNT, SHORT_QUERY, SUBSCRIPTION["query"]]
RUN_SECONDS = 60.0
NEVER_OVERLOADED = Limits(overload_wait_seconds=1e9, overload_lag_seconds=1e9)
CreateApp = Callable[[str], Starlette]


def create_session_graph(file: str) -> Starlette:
    return main.create_app(main.Settings(database_url=file, limits=NEVER_OVERLOADED))


@pytest.fixture(params=[create_session_graph, create_baseline], ids=["session graph", "baseline"])
def create_app(request: pytest.FixtureRequest) -> CreateApp:
    made: CreateApp = request.param
    return made


@asynccontextmanager
async def seeded(app: Starlette, folder: Path, sessions: int = 3) -> AsyncIterator[Server]:
    """Serve an application in this process, with some sessions."""
    async with app.router.lifespan_context(app), serve_app(app) as port:
        server = Server(STRAWBERRY, folder, None)
        server.port = port
        await seed_sessions(server, sessions)
        yield server


REQUESTS = [requests.TYPENAME, requests.SESSION, requests.KEEPALIVE, requests.PAGE, requests.PAGE_BY_LAST_SEEN]
SHARED = [START_MUTATION, MOVE_MUTATION, *REQUESTS, *(document["query"] for document in different_documents(2))]
NODE_SCHEMA = BASELINES / "node" / "schema.graphql"


@pytest.mark.parametrize("document", [*SHARED, *SUBSCRIPTIONS, *LARGE_SET])
def test_documents_are_valid(document: str) -> None:
    assert validate(build_schema(PRINTED.read_text()), parse(document)) == []


def test_servers_on_node_take_the_same_documents() -> None:
    schema = build_schema(NODE_SCHEMA.read_text())
    distinct = [document["query"] for document in (*SHARED_DOCUMENTS, *DISTINCT_DOCUMENTS)]
    assert [validate(schema, parse(document)) for document in (*SHARED, *distinct)] == [[]] * (len(SHARED) + 21)


async def test_history_queries_are_answered(api: ApiClient) -> None:
    for document, variables in history.build_queries().values():
        assert history.is_valid(orjson.dumps(await api.post(document, variables)))
    assert not history.is_valid(orjson.dumps(await api.post("{ sessions(first: 0) { totalCount } }")))


@pytest.mark.parametrize("transport", ["websocket", "sse"])
async def test_large_set_is_delivered_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, transport: str) -> None:
    monkeypatch.setattr(Server, "cpu_seconds", 0.0)  # it is no process of its own
    monkeypatch.setattr(Server, "resident_bytes", 0)
    async with seeded(create_session_graph(str(tmp_path / "test.db")), tmp_path, sessions=120) as server:
        seconds, cpu, memory, *others = await deliver_set(server, transport, 2)
    assert seconds > 0 == cpu == memory
    assert 0 < others[0] <= others[1] <= others[2]


def test_scenarios_are_selected_by_their_distinct_names() -> None:
    assert len(set(NAMES)) == len(NAMES) == len(SCENARIOS)
    assert [scenario.name for scenario in select_scenarios(["storm", "page"])] == ["page", "storm"]
    with pytest.raises(BadParameter, match="no scenario fast"):
        select_scenarios(["page", "fast"])
    assert [BenchConfig(scale_down=10).scaled(count) for count in (10_000, 50)] == [1000, 20]


def requests_of_every_server() -> list[requests.Work]:
    pages = (requests.PAGE_WORK, requests.PAGE_BY_LAST_SEEN_WORK, requests.EQUAL_PAGES_WORK)
    return [requests.TYPENAME_WORK, requests.SESSION_WORK, *pages]


async def test_bare_application_answers_every_query(tmp_path: Path) -> None:
    async with serve_app(create_bare(str(tmp_path / "test.db"))) as port:
        server = Server(BARE, tmp_path, None)
        server.port = port
        await seed_sessions(server, requests.PAGE_SIZE)
        for work in requests_of_every_server():
            streams = [[next(iter(stream))] for stream in work.streams(server, 2)]
            result = await run_closed_loop(server.port, streams, work.is_valid, RUN_SECONDS)
            assert (work.name, len(result.latencies), result.responses) == (work.name, 2, 2)


def test_moves_change_the_path_at_every_turn(tmp_path: Path) -> None:
    server = Server(STRAWBERRY, tmp_path, None)
    server.sessions = ["a", "b", "c"]
    sent = [next(iter_) for iter_ in [iter(requests.MOVE_WORK.streams(server, 1)[0])] for _ in range(7)]
    assert len(set(sent)) == 6
    assert sent[6] == sent[0]


def test_pages_that_are_asked_at_the_same_moment_differ(tmp_path: Path) -> None:
    server = Server(STRAWBERRY, tmp_path, None)
    for work in (requests.PAGE_WORK, requests.FILTERED_PAGE_WORK):
        sent = [page for stream in work.streams(server, 3) for page in islice(stream, requests.DIFFERENT_PAGES)]
        assert len(set(sent)) == 3 * requests.DIFFERENT_PAGES
    assert len({page for stream in requests.EQUAL_PAGES_WORK.streams(server, 3) for page in islice(stream, 2)}) == 1


async def test_requests_are_answered_and_only_valid_responses_count(create_app: CreateApp, tmp_path: Path) -> None:
    async with seeded(create_app(str(tmp_path / "test.db")), tmp_path, requests.PAGE_SIZE) as server:
        keepalives = [[next(iter(stream))] for stream in requests.keepalive_requests(server, 2)]
        result = await run_closed_loop(server.port, keepalives, requests.is_kept_alive, RUN_SECONDS)
        assert (len(result.latencies), result.failures) == (2, 0)
        unknown = [[encode_request(server.port, requests.KEEPALIVE, {"input": {"id": "unknown"}})]]
        result = await run_closed_loop(server.port, unknown, requests.is_kept_alive, RUN_SECONDS)
        assert (len(result.latencies), result.failures, result.rate) == (0, 1, 0)
        pages = [list(repeat(encode_request(server.port, requests.PAGE), 2))]
        for work in (*requests_of_every_server(), requests.MOVE_WORK):
            streams = [[next(iter(stream))] for stream in work.streams(server, 2)]
            result = await run_closed_loop(server.port, streams, work.is_valid, RUN_SECONDS)
            assert (work.name, len(result.latencies), result.responses) == (work.name, 2, 2)
        client = HttpClient(server.port)
        with pytest.raises(UnexpectedResponse, match="unexpected response"):
            await client.execute(requests.KEEPALIVE, {"input": {"id": "unknown"}})
        await client.close()
    with pytest.raises(LoadFailed, match="no connection"):
        await run_closed_loop(server.port, pages, requests.is_full_page, RUN_SECONDS)


@pytest.mark.parametrize("transport", ["websocket", "sse"])
async def test_every_subscriber_receives_every_move(create_app: CreateApp, transport: str, tmp_path: Path) -> None:
    async with (
        seeded(create_app(str(tmp_path / "test.db")), tmp_path) as server,
        subscribed(server, DISTINCT_DOCUMENTS, 20, transport) as target,
    ):
        await target.publish(4)
        assert target.pool.delivered.value == 4 * 20
        assert (target.pool.live.value, target.pool.close_codes) == (20, {})
        if transport == "websocket":  # moves are timed over WebSockets only
            deliveries = await target.saturate(seconds=0.1, window=3)
            assert deliveries.total % 20 == 0
            assert deliveries.total >= max(deliveries.in_time, 3 * 20)
            latencies, refused, _ = await target.paced(seconds=0.1, rate=30)
            assert len(latencies) == 3 * 20
            assert 0 < max(latencies) < inf
            assert refused == 0


async def test_refused_move_counts_as_infinitely_late(create_app: CreateApp, tmp_path: Path) -> None:
    async with seeded(create_app(str(tmp_path / "test.db")), tmp_path) as server:
        server.sessions.insert(1, "unknown")
        async with subscribed(server, DISTINCT_DOCUMENTS, 20) as target:
            latencies, refused, _ = await target.paced(seconds=0.1, rate=40)
    assert (refused, percentile(latencies, 0.99)) == (1, inf)


async def test_subscribers_reconnect_and_resume_from_their_cursors(tmp_path: Path) -> None:
    async with (
        seeded(create_session_graph(str(tmp_path / "test.db")), tmp_path) as server,
        subscribed(server, RESUMABLE_DOCUMENTS, 3) as target,
    ):
        await target.publish(2)
        cursors = dict(target.pool.cursors)
        assert len(cursors) == 3
        target.pool.reconnects, target.pool.results_until_live = True, 2
        for subscriber in target.pool._subscribers:
            subscriber.close()
        await wait_until(lambda: target.pool.close_codes[0] == 3)
        assert await wait_reconnected(target) > 0
        assert target.pool.subscribe_payload(0)["variables"] == {"after": cursors[0]}


async def test_burst_is_answered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Server, "cpu_seconds", 0.0)  # it is no process of its own
    async with seeded(create_session_graph(str(tmp_path / "test.db")), tmp_path) as server:
        seconds, p50, p99, _, refused, failed = await send_burst(server, 20)
    assert seconds > 0.9
    assert 0 < p50 <= p99
    assert (refused, failed) == (0, 0)


async def test_keepalives_during_a_storm_are_timed(tmp_path: Path) -> None:
    async with seeded(create_session_graph(str(tmp_path / "test.db")), tmp_path) as server:
        stopping = threading.Event()
        keepalives = asyncio.create_task(send_keepalives(server, stopping))
        await asyncio.sleep(0.1)
        stopping.set()
        assert len(await keepalives) > 0


async def test_subscriber_without_a_server_or_a_valid_document_fails(tmp_path: Path) -> None:
    async with seeded(create_session_graph(str(tmp_path / "test.db")), tmp_path) as server:
        invalid: list[dict[str, object]] = [{"query": "subscription { nothing }", "variables": {}}]
        with pytest.raises(LoadFailed, match="the server sent error"):
            async with subscribed(server, invalid, 1):
                pass
    with pytest.raises(LoadFailed, match="no connection"):
        async with subscribed(server, SHARED_DOCUMENTS, 1):
            pass


async def test_server_that_exits_at_once_is_reported_with_its_log(tmp_path: Path) -> None:
    server = Server(
        ServerSpec("broken", lambda *_: [sys.executable, "-c", "raise SystemExit('no such thing')"]), tmp_path, None
    )
    with pytest.raises(ServerFailed, match="broken did not become ready:\nno such thing"):
        await server.start()


async def test_targets_are_measured_in_turns() -> None:
    order: list[str] = []

    async def measure(name: str) -> int:
        order.append(name)
        return len(order)

    assert await interleaved(["a", "b"], 2, measure) == [("a", [1, 3]), ("b", [2, 4])]


def test_servers_that_cannot_run_are_left_out_with_the_reason() -> None:
    def prepare() -> None:
        raise ServerUnavailable("no such program")

    lines: list[str] = []
    harness = Harness(BenchConfig(), None, lines.append)
    missing = replace(STRAWBERRY, name="missing", prepare=prepare)
    assert harness.available([STRAWBERRY, missing]) == harness.available([missing, STRAWBERRY]) == [STRAWBERRY]
    assert lines == ["missing is left out: no such program."]


def test_time_of_children_counts() -> None:
    code = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'while True: pass'])"
    with subprocess.Popen([sys.executable, "-c", code], start_new_session=True) as process:
        deadline = time.monotonic() + RUN_SECONDS
        while (total := cpu_seconds(process.pid)) < 0.2 and time.monotonic() < deadline:
            pass
        os.killpg(process.pid, signal.SIGKILL)
    assert total >= 0.2


def test_table_compares_medians_with_ours() -> None:
    rows = [
        Row("ours", "32", [(value, 0.5, 0, 90, 0, 0) for value in (800, 1000, 2000)]),
        Row("peer", "32", [(100, 0.5, 0, 900, 0, 0)]),
        Row("ours", "64", [(inf, 0.5, 0, 0, 0, 0)]),
        Row("peer", "64", [(30, 0.5, 0, 0, 0, 0)]),
    ]
    console = Console(file=StringIO(), width=120, record=True)
    console.print(scenario_table(select_scenarios(["keepalive"])[0], rows))
    lines = [line.split() for line in console.export_text().splitlines()]
    assert ["ours", "32", "1,000", "800–2,000", "0.5", "0.0", "90", "0", "0%", "–"] in lines
    assert ["peer", "32", "100", "100–100", "0.5", "0.0", "900", "0", "0%", "10.00"] in lines
    assert ["peer", "64", "30", "30–30", "0.5", "0.0", "0", "0", "0%", "–"] in lines


def test_percentiles_are_values_that_occurred() -> None:
    values = [float(number) for number in range(100, 0, -1)]
    assert [percentile(values, fraction) for fraction in (0, 0.5, 0.99, 1)] == [1, 50, 99, 100]
    assert percentile([], 0.5) == 0
