"""Sources as the transport shares them: equal streams are one execution, whoever began where."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import orjson
import pytest

from resolvers.access import Caller
from resolvers.context import Context, open_context
from resolvers.feed import active, source
from schema import graphql_schema
from tests.feed.stage import Stage
from tests.feed.test_access import ONE, TWO
from tests.reading.asking import statements
from transport import TransportSettings
from transport.execution import Execution
from transport.request import OperationRequest
from transport.streams import Answer, Streams

LIVE = """subscription Live($after: String) { activeSessions(after: $after) {
    ... on SessionSnapshot { cursor sessions { id } } ... on SessionChange { cursor change id } } }"""
LOG = "subscription Log($after: String) { sessionActivities(after: $after) { ... on Activity { cursor type } } }"
STATS = "subscription { sessionStats { total } }"


class Server:
    """The transport's streams over a stage."""

    def __init__(self, stage: Stage, closing: AsyncExitStack) -> None:
        settings = TransportSettings()
        self.stage = stage
        self._streams = Streams(Execution(graphql_schema, settings), settings.limits)
        self._closing = closing

    async def open(self, document: str, caller: Caller | None = None, **variables: Any) -> Answer:
        @asynccontextmanager
        async def make_context() -> AsyncIterator[Context]:
            yield await (self.stage.context(caller) if caller else self.stage.context())

        answer = await self._streams.open(OperationRequest(document, variables), make_context)
        self._closing.push_async_callback(answer.frames.aclose)
        return answer


@pytest.fixture
async def server(stage: Stage) -> AsyncIterator[Server]:
    """A server whose feed works by itself."""
    async with asyncio.timeout(30), stage.feed.running(), AsyncExitStack() as closing:
        yield Server(stage, closing)


@pytest.fixture
def executions(monkeypatch: pytest.MonkeyPatch) -> list[Context]:
    """A context for each item that was executed."""
    opened: list[Context] = []

    async def note(*args: Any) -> Context:
        opened.append(await open_context(*args))
        return opened[-1]

    monkeypatch.setattr(source, "open_context", note)
    return opened


async def told(answer: Answer, count: int = 1) -> list[Any]:
    """What a stream is told next."""
    found = []
    for _ in range(count):
        body = orjson.loads((await anext(answer.frames)).payload)
        assert "errors" not in body, body
        (value,) = body["data"].values()
        found.append(value)
    return found


async def joined(server: Server, answers: list[Answer], count: int) -> "list[asyncio.Task[list[Any]]]":
    """Tasks that wait for what streams are told next, which have read all of their own beginnings."""
    tasks = [asyncio.create_task(told(answer, count)) for answer in answers]
    await until(lambda: server.stage.feed._beginning == 0 and len(server.stage.feed._followers) > 0)
    for _ in range(100):
        await asyncio.sleep(0)
    return tasks


async def until(happened: Callable[[], Any]) -> None:
    """Let others run until something has happened."""
    while not happened():  # noqa: ASYNC110 - what is waited for has no event
        await asyncio.sleep(0)


async def test_equal_streams_are_executed_once_for_all_also_when_all_have_come_back(
    server: Server, executions: list[Context]
) -> None:
    answers = [await server.open(LIVE) for _ in range(50)]
    cursors = [(await told(answer))[0]["cursor"] for answer in answers]
    assert len(executions) == 50
    waiting = await joined(server, answers, 10)
    sessions = [await server.stage.world.user() for _ in range(10)]
    changes = await asyncio.gather(*waiting)
    assert all([change["id"] for change in found] == [s["id"] for s in sessions] for found in changes)
    assert len(executions) <= 50 + 10
    for answer in answers:
        await answer.frames.aclose()
    # All come back, each from a cursor of its own.
    cursors = [cursors[0], *(change["cursor"] for change in changes[0])]
    again = [await server.open(LIVE, after=cursor) for cursor in cursors]
    missed = [await told(answer, 10 - index) for index, answer in enumerate(again) if index < 10]
    assert [len(found) for found in missed] == list(range(10, 0, -1))
    waiting = await joined(server, again, 3)
    executions.clear()
    for _ in range(3):
        await server.stage.world.user()
    await asyncio.gather(*waiting)
    assert len(executions) <= 3


async def test_callers_of_other_projects_never_share(server: Server) -> None:
    for name in ("one", "two"):
        document = "mutation($i: ProjectInput!) { createProject(input: $i) { problems { code } } }"
        await server.stage.world.ask(document, i={"id": name})
    answers = [await server.open(LIVE, caller) for caller in (ONE, TWO, ONE)]
    for answer in answers:
        await told(answer)
    waiting = await joined(server, answers, 1)
    ids = [(await server.stage.world.user(projectId=name))["id"] for name in ("one", "two")]
    assert [found[0]["id"] for found in await asyncio.gather(*waiting)] == [ids[0], ids[1], ids[0]]


async def test_figures_are_told_when_they_differ(server: Server, executions: list[Context]) -> None:
    answer = await server.open(STATS)
    assert await told(answer) == [{"total": 0}]
    (waiting,) = await joined(server, [answer], 1)
    server.stage.timers.advance(10)
    await until(lambda: len(executions) == 2)
    await server.stage.world.user()
    await until(lambda: server.stage.timers.next is not None)
    server.stage.timers.advance(1)
    assert await waiting == [{"total": 1}]
    assert len(executions) == 3


async def test_a_truncated_stream_shares_and_is_told_of_its_own(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await server.stage.world.user()
    whole = await server.open(LIVE)
    await told(whole)
    await server.stage.world.advance(1)
    second = await server.stage.world.user()
    await told(whole)
    monkeypatch.setattr(active, "MOST", 1)
    part = await server.open(LIVE)
    assert [s["id"] for s in (await told(part))[0]["sessions"]] == [second["id"]]
    waiting = await joined(server, [whole, part], 1)
    for session in (first, second):
        await server.stage.world.mutate("hideSession", {"id": session["id"]})
    changes = [found[0]["id"] for found in await asyncio.gather(*waiting)]
    assert changes == [first["id"], second["id"]]
    assert len(server.stage.feed._followers) == 1


async def test_cursors_of_activities_cost_no_look_at_the_database(server: Server) -> None:
    cursor = (await server.stage.watch()).cursors[-1]
    await server.stage.world.user()
    answer = await server.open(LOG, after=cursor)
    await told(answer)
    with statements(server.stage.database) as sent:
        for _ in range(3):
            await server.stage.world.user()
        assert await told(answer, 3) != []
    assert [statement for statement in sent if "database_id" in statement] == []
