"""The walls scenario: its documents, its open loop, and the search for the greatest rate that is borne."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from itertools import islice, repeat
from pathlib import Path

import pytest
from graphql import build_schema, parse, validate

from bench.open_loop import run_open_loop
from bench.scenarios.base import Row, Sample
from bench.scenarios.walls import Wall, find_capacity, move_requests, opened, wall_documents
from bench.servers import Server
from tests.bench.test_scenarios import PRINTED, create_session_graph, seeded
from tests.live_server import free_port
from tests.polling import wait_until


def test_queries_of_a_wall_are_valid_and_different() -> None:
    documents = wall_documents(100)
    schema = build_schema(PRINTED.read_text())
    assert [validate(schema, parse(text)) for text in {document["query"] for document in documents}] == [[], []]
    assert len({str(document) for document in documents}) == 100


async def test_wall_receives_the_changes_that_the_server_accepts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Server, "cpu_seconds", 0.0)  # it is no process of its own
    async with seeded(create_session_graph(str(tmp_path / "test.db")), tmp_path, sessions=20) as server:
        assert len(set(islice(move_requests(server), 40))) == 40
        async with opened(Wall(server, wall_documents(4))) as wall:
            rate, _, _, *refused, failed, lag, worst_lag, cpu = await wall.change(rate=20, seconds=0.5)
    assert (rate, refused, failed) == (20, [0, 0], 0)
    assert 0 < lag <= worst_lag
    assert cpu == 0


class LineServer:
    """A server that answers each request by its last line."""

    def __init__(self) -> None:
        self.open = self.most_open = 0
        """Connections."""

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answers = {
            b"good": (200, b"{}"),
            b"shed": (503, b'{"code":"SERVICE_UNAVAILABLE"}'),
            b"fail": (200, b'{"errors":1}'),
        }
        self.open += 1
        self.most_open = max(self.open, self.most_open)
        with suppress(asyncio.IncompleteReadError, ConnectionError):  # the client has left
            while (line := (await reader.readuntil(b"\n")).strip()) in answers:
                status, body = answers[line]
                writer.write(b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n%b" % (status, len(body), body))
        writer.close()
        self.open -= 1

    @asynccontextmanager
    async def running(self) -> AsyncIterator[int]:
        async with await asyncio.start_server(self.answer, "127.0.0.1", 0) as server:
            yield server.sockets[0].getsockname()[1]
            await wait_until(lambda: not self.open)


async def test_open_loop_distinguishes_refusals_from_failures() -> None:
    async with LineServer().running() as port:
        requests = [b"good\n"] * 3 + [b"shed\n"] * 2 + [b"fail\n", b"drop\n"]
        result = await run_open_loop(port, iter(requests), rate=100, seconds=0.07)
    assert (len(result.accepted), len(result.refused), result.failures) == (3, 2, 2)
    result = await run_open_loop(free_port(), repeat(b"good\n"), rate=100, seconds=0.02)
    assert (len(result.accepted), result.failures) == (0, 2)


async def test_requests_wait_for_one_of_a_few_connections() -> None:
    server = LineServer()
    async with server.running() as port:
        result = await run_open_loop(port, repeat(b"good\n"), rate=10_000, seconds=0.002, connections=2)
    assert (len(result.accepted), result.failures, server.most_open) == (20, 0, 2)
    assert result.finished_after >= max(result.accepted)


class FakeWall(Wall):
    """A wall that bears a number of changes per second."""

    def __init__(self, borne: float) -> None:
        self.borne = borne
        self.pool = ()  # type: ignore[assignment]  # only its length is read
        self.server = type("FakeServer", (), {"name": "fake"})()

    async def change(self, rate: float, seconds: float) -> Sample:  # noqa: ARG002 - as in the real one
        refused = 0.0 if rate <= self.borne else 1.0
        return (rate, 1.0, 2.0, refused, 1.0, 0.0, 0.1, 0.2, 0.5)


@pytest.mark.parametrize(("borne", "found"), [(0, 5), (7, 5 * 2**0.25), (30, 28.28), (1000, 160)])
async def test_capacity_is_found_within_a_fifth(borne: float, found: float) -> None:
    rows: list[Row] = []
    capacity = await find_capacity(FakeWall(borne), 1.0, rows, first_rate=10, max_rate=160)
    assert capacity == pytest.approx(found, rel=0.01)
    assert len(rows) >= 3
