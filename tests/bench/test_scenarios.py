"""Smoke tests of the benchmark: its documents, the baseline, subscribers of both servers, and the table."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from io import StringIO
from itertools import repeat
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
from bench.baselines.strawberry.app import create_app as create_baseline
from bench.harness import BenchConfig, interleaved
from bench.http_client import HttpClient
from bench.load_generator import LoadFailed, UnexpectedResponse, encode_request, percentile, run_closed_loop
from bench.report import scenario_table
from bench.scenarios import SCENARIOS, history, requests
from bench.scenarios.base import Row
from bench.scenarios.subscriptions import DISTINCT_DOCUMENTS, RESUMABLE_DOCUMENTS, SHARED_DOCUMENTS
from bench.seed import START_MUTATION, seed_sessions
from bench.servers import BASELINE, Server, ServerFailed, ServerSpec
from bench.subscribers.commands import MOVE_MUTATION, Commands
from tests.api_client import ApiClient
from tests.live_server import serve_app
from tests.polling import wait_until

PRINTED = Path(__file__).parents[2] / "schema" / "schema.graphql"
SUBSCRIPTIONS = [document["query"] for document in (*SHARED_DOCUMENTS, *DISTINCT_DOCUMENTS, *RESUMABLE_DOCUMENTS)]
RUN_SECONDS = 60.0
CreateApp = Callable[[str], Starlette]


def create_session_graph(file: str) -> Starlette:
    return main.create_app(main.Settings(database_url=file))


@pytest.fixture(params=[create_session_graph, create_baseline], ids=["session graph", "baseline"])
def create_app(request: pytest.FixtureRequest) -> CreateApp:
    made: CreateApp = request.param
    return made


@asynccontextmanager
async def seeded(app: Starlette, folder: Path, sessions: int = 3) -> AsyncIterator[Server]:
    """Serve an application in this process, with some sessions."""
    async with app.router.lifespan_context(app), serve_app(app) as port:
        server = Server(BASELINE, folder, None)
        server.port = port
        await seed_sessions(server, sessions)
        yield server


@asynccontextmanager
async def subscribed(
    server: Server, transport: str = "websocket", documents: list[dict[str, object]] = DISTINCT_DOCUMENTS
) -> AsyncIterator[Commands]:
    """Keep one subscriber for each document."""
    commands = Commands()
    await commands.open(server.port, documents, len(documents), server.sessions, transport)
    yield commands
    await commands.close()


@pytest.mark.parametrize("document", [START_MUTATION, requests.KEEPALIVE, requests.PAGE, MOVE_MUTATION, *SUBSCRIPTIONS])
def test_documents_are_valid(document: str) -> None:
    assert validate(build_schema(PRINTED.read_text()), parse(document)) == []


async def test_history_queries_are_answered(api: ApiClient) -> None:
    for document, variables in history.build_queries().values():
        assert history.is_valid(orjson.dumps(await api.post(document, variables)))
    assert not history.is_valid(orjson.dumps(await api.post("{ sessions(first: 0) { totalCount } }")))


def test_scenarios_are_selected_by_their_distinct_names() -> None:
    assert len(set(NAMES)) == len(NAMES) == len(SCENARIOS)
    assert [scenario.name for scenario in select_scenarios(["storm", "page"])] == ["page", "storm"]
    with pytest.raises(BadParameter, match="no scenario fast"):
        select_scenarios(["page", "fast"])
    assert [BenchConfig(scale_down=10).scaled(count) for count in (10_000, 50)] == [1000, 20]


async def test_requests_are_answered_and_only_valid_responses_count(create_app: CreateApp, tmp_path: Path) -> None:
    async with seeded(create_app(str(tmp_path / "test.db")), tmp_path, requests.PAGE_SIZE) as server:
        keepalives = [[next(iter(stream))] for stream in requests.keepalive_requests(server, 2)]
        result = await run_closed_loop(server.port, keepalives, requests.is_kept_alive, RUN_SECONDS)
        assert (len(result.latencies), result.failures) == (2, 0)
        unknown = [[encode_request(server.port, requests.KEEPALIVE, {"input": {"id": "unknown"}})]]
        result = await run_closed_loop(server.port, unknown, requests.is_kept_alive, RUN_SECONDS)
        assert (len(result.latencies), result.failures, result.rate) == (0, 1, 0)
        pages = [list(repeat(encode_request(server.port, requests.PAGE), 2))]
        result = await run_closed_loop(server.port, pages, requests.is_full_page, RUN_SECONDS)
        assert (len(result.latencies), result.failures) == (2, 0)
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
        subscribed(server, transport) as commands,
    ):
        await commands.publish(4)
        assert commands.pool.delivered.value == 4 * 20
        assert await commands.state() == {"live": 20, "close_codes": {}}
        if transport == "sse":
            return  # moves are timed over WebSockets only
        result = await commands.saturate(seconds=0.1, window=3)
        assert result["all_delivered"] % 20 == 0
        assert result["all_delivered"] >= 3 * 20
        result = await commands.paced(seconds=0.1, rate=30)
        assert 0 < result["p50"] <= result["p99"] < inf
        assert result["refused"] == 0


async def test_refused_move_counts_as_infinitely_late(create_app: CreateApp, tmp_path: Path) -> None:
    async with seeded(create_app(str(tmp_path / "test.db")), tmp_path) as server:
        server.sessions.insert(1, "unknown")
        async with subscribed(server) as commands:
            result = await commands.paced(seconds=0.1, rate=40)
    assert (result["refused"], result["p99"]) == (1, inf)


async def test_subscribers_reconnect_and_resume_from_their_cursors(tmp_path: Path) -> None:
    async with (
        seeded(create_session_graph(str(tmp_path / "test.db")), tmp_path) as server,
        subscribed(server, documents=RESUMABLE_DOCUMENTS * 3) as commands,
    ):
        await commands.publish(2)
        cursors = dict(commands.pool.cursors)
        assert len(cursors) == 3
        await commands.expect_disconnects(results_until_live=2)
        for subscriber in commands.pool._subscribers:
            subscriber.close()
        await wait_until(lambda: commands.pool.close_codes[0] == 3)
        assert (await commands.wait_reconnected(RUN_SECONDS))["at"] > 0
        assert commands.pool.close_codes == {0: 3}
        await commands.publish(1)
        assert commands.pool.subscribe_payload(0)["variables"] == {"after": cursors[0]}


async def test_subscriber_without_a_server_or_a_valid_document_fails(tmp_path: Path) -> None:
    async with seeded(create_session_graph(str(tmp_path / "test.db")), tmp_path) as server:
        invalid: list[dict[str, object]] = [{"query": "subscription { nothing }", "variables": {}}]
        commands = Commands()
        with pytest.raises(LoadFailed, match="the server sent error"):
            await commands.open(server.port, invalid, 1, server.sessions, "websocket")
        await commands.close()
    with pytest.raises(LoadFailed, match="no connection"):
        await commands.open(server.port, SHARED_DOCUMENTS, 1, [], "websocket")
    await commands.close()
    with pytest.raises(LoadFailed, match="no subscribers"):
        await Commands().state()


async def test_server_that_exits_at_once_is_reported_with_its_log(tmp_path: Path) -> None:
    server = Server(ServerSpec("broken", lambda *_: ["-c", "raise SystemExit('no such thing')"]), tmp_path, None)
    with pytest.raises(ServerFailed, match="broken did not become ready:\nno such thing"):
        await server.start()


async def test_targets_are_measured_in_turns() -> None:
    order: list[str] = []

    async def measure(name: str) -> int:
        order.append(name)
        return len(order)

    assert await interleaved(["a", "b"], 2, measure) == [("a", [1, 3]), ("b", [2, 4])]


def test_table_compares_medians_with_the_baseline() -> None:
    rows = [
        Row("ours", "32", [(value, 0.5, 0, 0, 0) for value in (800, 1000, 2000)]),
        Row("baseline", "32", [(100, 0.5, 0, 0, 0)]),
        Row("ours", "64", [(inf, 0.5, 0, 0, 0)]),
        Row("baseline", "64", [(30, 0.5, 0, 0, 0)]),
    ]
    console = Console(file=StringIO(), width=120, record=True)
    console.print(scenario_table(select_scenarios(["keepalive"])[0], rows))
    lines = [line.split() for line in console.export_text().splitlines()]
    assert ["ours", "32", "1,000", "800–2,000", "0.5", "0.0", "0", "0%", "10.0"] in lines
    assert ["ours", "64", "∞", "∞–∞", "0.5", "0.0", "0", "0%", "–"] in lines


def test_percentiles_are_values_that_occurred() -> None:
    values = [float(number) for number in range(100, 0, -1)]
    assert [percentile(values, fraction) for fraction in (0, 0.5, 0.99, 1)] == [1, 50, 99, 100]
    assert percentile([], 0.5) == 0
