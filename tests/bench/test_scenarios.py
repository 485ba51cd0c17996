"""The figures ask for what the schema has, the plain peer answers it, and only right answers count."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import orjson
import pytest
from graphql import build_schema, parse, validate

from bench.baselines.strawberry.app import create_app
from bench.scenarios import SCENARIOS, history, keepalive, page
from bench.scenarios.restart import RESUMABLE_DOCUMENTS
from bench.scenarios.subscriptions import DISTINCT_DOCUMENTS, SHARED_DOCUMENTS
from bench.seed import START_MUTATION as START
from bench.seed import start_variables
from bench.subscribers import publisher
from tests.api_client import ApiClient

PRINTED = Path(__file__).parents[2] / "schema" / "schema.graphql"
SUBSCRIPTIONS = [document["query"] for document in (*SHARED_DOCUMENTS, *DISTINCT_DOCUMENTS, *RESUMABLE_DOCUMENTS)]


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


@pytest.mark.parametrize(
    "document", [START, keepalive.DOCUMENT, page.DOCUMENT, publisher.MOVE_MUTATION, *SUBSCRIPTIONS]
)
def test_every_document_is_valid(document: str) -> None:
    assert validate(build_schema(PRINTED.read_text()), parse(document)) == []


async def test_every_question_about_the_past_is_answered(world: ApiClient) -> None:
    for document, variables in history.build_queries().values():
        assert history.is_valid(orjson.dumps(await world.post(document, variables)))
    assert not history.is_valid(orjson.dumps(await world.post("{ sessions(first: 0) { totalCount } }")))


def test_twenty_groups_have_nothing_in_common() -> None:
    assert len({str(document) for document in DISTINCT_DOCUMENTS}) == 20


def test_each_figure_has_a_name_of_its_own() -> None:
    names = [figure.name for figure in SCENARIOS]
    assert len(set(names)) == len(names)


async def test_the_plain_peer_does_the_same_work(tmp_path: Path) -> None:
    async with plain_peer(tmp_path) as http:
        started = [(await ask(http, START, start_variables(number))).json() for number in range(page.SIZE)]
        ids = [answer["data"]["startSession"]["session"]["id"] for answer in started]
        alive = await ask(http, keepalive.DOCUMENT, {"input": {"id": ids[0]}})
        assert keepalive.is_valid(alive.content)
        assert alive.json()["data"]["keepaliveSession"]["session"]["revision"] == 2
        listed = await ask(http, page.DOCUMENT)
        assert page.is_valid(listed.content)
        assert {node["id"] for node in listed.json()["data"]["sessions"]["nodes"]} == set(ids)


async def test_an_unknown_session_is_no_right_answer(tmp_path: Path) -> None:
    async with plain_peer(tmp_path) as http:
        answer = await ask(http, keepalive.DOCUMENT, {"input": {"id": "nobody"}})
    assert answer.json()["data"]["keepaliveSession"]["problems"] == [{"code": "NOT_FOUND"}]
    assert not keepalive.is_valid(answer.content)


async def test_a_page_that_is_not_full_is_no_right_answer(tmp_path: Path) -> None:
    async with plain_peer(tmp_path) as http:
        for number in range(page.SIZE - 1):
            await ask(http, START, start_variables(number))
        assert not page.is_valid((await ask(http, page.DOCUMENT)).content)
