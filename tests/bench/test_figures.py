"""The figures ask for what the schema has, the plain peer answers it, and only right answers count."""

from array import array
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from io import StringIO
from pathlib import Path
from typing import Any

import httpx2
import pytest
from graphql import build_schema, parse, validate
from rich.console import Console

from bench.compare import Result
from bench.figures import keepalive, page
from bench.load import Sample
from bench.peers.plain import create_app
from bench.stock import DOCUMENT as START
from bench.stock import start_variables
from bench.table import figure_table

PRINTED = Path(__file__).parents[2] / "schema" / "schema.graphql"


@asynccontextmanager
async def plain_peer(folder: Path) -> AsyncIterator[httpx2.AsyncClient]:
    app = create_app(str(folder / "peer.db"))
    transport = httpx2.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(transport=transport, base_url="http://peer") as http,
    ):
        yield http


async def ask(http: httpx2.AsyncClient, document: str, variables: dict[str, Any] | None = None) -> httpx2.Response:
    return await http.post("/graphql", json={"query": document, "variables": variables or {}})


@pytest.mark.parametrize("document", [START, keepalive.DOCUMENT, page.DOCUMENT])
def test_every_document_is_valid(document: str) -> None:
    assert validate(build_schema(PRINTED.read_text()), parse(document)) == []


async def test_the_plain_peer_does_the_same_work(tmp_path: Path) -> None:
    async with plain_peer(tmp_path) as http:
        started = [(await ask(http, START, start_variables(number))).json() for number in range(page.SIZE)]
        ids = [answer["data"]["startSession"]["session"]["id"] for answer in started]
        alive = await ask(http, keepalive.DOCUMENT, {"input": {"id": ids[0]}})
        assert keepalive.accepts(alive.content)
        assert alive.json()["data"]["keepaliveSession"]["session"]["revision"] == 2
        listed = await ask(http, page.DOCUMENT)
        assert page.accepts(listed.content)
        assert {node["id"] for node in listed.json()["data"]["sessions"]["nodes"]} == set(ids)


async def test_an_unknown_session_is_no_right_answer(tmp_path: Path) -> None:
    async with plain_peer(tmp_path) as http:
        answer = await ask(http, keepalive.DOCUMENT, {"input": {"id": "nobody"}})
    assert answer.json()["data"]["keepaliveSession"]["problems"] == [{"code": "NOT_FOUND"}]
    assert not keepalive.accepts(answer.content)


async def test_a_page_that_is_not_full_is_no_right_answer(tmp_path: Path) -> None:
    async with plain_peer(tmp_path) as http:
        for number in range(page.SIZE - 1):
            await ask(http, START, start_variables(number))
        assert not page.accepts((await ask(http, page.DOCUMENT)).content)


def test_a_table_compares_medians_with_the_last_server() -> None:
    ours = Result("signs of life", 32, "ours", [_sample(800), _sample(1000), _sample(2000, wrong=3)])
    peer = Result("signs of life", 32, "peer", [_sample(100)])
    console = Console(file=StringIO(), width=80, record=True)
    console.print(figure_table([ours, peer]))
    rows = [line.split() for line in console.export_text().splitlines()]
    assert ["ours", "32", "500", "400–1,000", "2.0", "2.0", "3", "50%", "10.0"] in rows
    assert ["peer", "32", "50", "50–50", "2.0", "2.0", "0", "50%", "1.0"] in rows


def _sample(answers: int, wrong: int = 0) -> Sample:
    """Two seconds of load, one of them spent by the client."""
    return Sample(2.0, wrong, 1.0, array("d", [0.002] * answers))
