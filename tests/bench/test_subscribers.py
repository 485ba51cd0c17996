"""What the live figures do, done to both servers: everybody is told of everything."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from math import inf
from pathlib import Path

import pytest
from starlette.applications import Starlette

import main
from bench.baselines.strawberry import app as plain
from bench.load_generator import LoadFailed
from bench.scenarios.restart import RESUMABLE_DOCUMENTS
from bench.scenarios.subscriptions import DISTINCT_DOCUMENTS
from bench.seed import seed_sessions
from bench.servers import BASELINE, Server
from bench.subscribers.commands import Commands
from tests.in_process_server import serve_app

MakeApp = Callable[[str], Starlette]


def ours(file: str) -> Starlette:
    """Session Graph."""
    return main.create_app(main.Settings(database_url=file))


@pytest.fixture(params=[ours, plain.create_app], ids=["ours", "plain peer"])
def make_app(request: pytest.FixtureRequest) -> MakeApp:
    """Either server."""
    made: MakeApp = request.param
    return made


@asynccontextmanager
async def serving(app: Starlette, folder: Path) -> AsyncIterator[Server]:
    """It listens in this process, and has three sessions."""
    async with app.router.lifespan_context(app), serve_app(app) as port:
        server = Server(BASELINE, folder, None)
        server.port = port
        await seed_sessions(server, 3)
        yield server


@asynccontextmanager
async def watched(
    server: Server, kind: str, documents: list[dict[str, object]] = DISTINCT_DOCUMENTS
) -> AsyncIterator[Commands]:
    """A watcher for each document."""
    orders = Commands()
    await orders.open(server.port, documents, len(documents), server.sessions, kind)
    yield orders
    await orders.close()


@pytest.mark.parametrize("kind", ["sockets", "streams"])
async def test_every_subscriber_is_told_of_every_move(make_app: MakeApp, kind: str, tmp_path: Path) -> None:
    async with serving(make_app(str(tmp_path / "test.db")), tmp_path) as server, watched(server, kind) as orders:
        await orders.show(4)
        assert orders.pool.delivered.value == 4 * 20
        assert await orders.state() == {"live": 20, "cut": {}}


async def test_moves_go_on_while_there_is_time_and_all_are_delivered(make_app: MakeApp, tmp_path: Path) -> None:
    async with serving(make_app(str(tmp_path / "test.db")), tmp_path) as server, watched(server, "sockets") as orders:
        said = await orders.saturate(seconds=0.2, window=3)
        assert said["all_delivered"] % 20 == 0
        assert said["all_delivered"] >= 3 * 20
        assert 0 <= said["delivered"] <= said["all_delivered"]


async def test_how_old_a_move_is_is_seen_where_it_arrives(make_app: MakeApp, tmp_path: Path) -> None:
    async with serving(make_app(str(tmp_path / "test.db")), tmp_path) as server, watched(server, "sockets") as orders:
        said = await orders.paced(seconds=0.1, rate=30)
        assert orders.pool.delivered.value == 3 * 20
        assert 0 < said["p50"] <= said["p99"] < 10
        assert said["refused"] == 0


async def test_of_a_move_that_is_refused_nobody_is_ever_told(make_app: MakeApp, tmp_path: Path) -> None:
    async with serving(make_app(str(tmp_path / "test.db")), tmp_path) as server:
        server.sessions.insert(1, "there-is-no-such-session")
        async with watched(server, "sockets") as orders:
            said = await orders.paced(seconds=0.1, rate=40)
            assert orders.pool.delivered.value == 3 * 20
            assert (said["refused"], said["p99"]) == (1, inf)
            assert 0 < said["p50"] < 10


async def test_each_watcher_that_can_go_on_has_a_cursor_to_go_on_from(tmp_path: Path) -> None:
    async with (
        serving(ours(str(tmp_path / "test.db")), tmp_path) as server,
        watched(server, "sockets", RESUMABLE_DOCUMENTS * 3) as orders,
    ):
        await orders.show(2)
        cursors = dict(orders.pool.cursors)
        assert len(cursors) == 3
        await orders.close()
        await orders.open(server.port, RESUMABLE_DOCUMENTS, 3, server.sessions, "sockets")
        orders.pool.cursors |= cursors
        assert {number: orders.pool.subscribe_payload(number)["variables"]["after"] for number in range(3)} == cursors


async def test_orders_without_a_crowd_are_a_failure() -> None:
    for order in (Commands().state(), Commands().show(1), Commands().close()):
        with pytest.raises(LoadFailed, match="no crowd"):
            await order
