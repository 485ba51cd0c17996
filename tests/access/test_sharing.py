"""Sharing among callers: whatever is executed once for several of them, each gets what it gets alone."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any, Final, NamedTuple

import orjson
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from models.enums import Scope
from resolvers.access import Caller
from resolvers.feed import queries
from resolvers.feed.log_reader import LogReader
from tests.api.session_inputs import create_project
from tests.feed_harness import FakeTimers, FeedHarness
from tests.polling import wait_until
from tests.subscriptions.stream_server import StreamServer
from transport.subscriptions import StreamResponse
from transport.subscriptions.subscriber import SubscriberStream

READ, WRITE = Scope.READ, Scope.WRITE
PROJECTS: Final = ("one", "two")
SCOPES: Final = ({READ}, {WRITE}, {READ, WRITE}, {READ, Scope.ADMIN})
WALLS: Final = ({"one"}, {"two"}, {"one", "two"}, {"none"}, None)
CALLERS: Final = [
    Caller(f"t_{number}{wall}", f"caller {number}", frozenset(scopes), None if wall is None else frozenset(wall))
    for number, scopes in enumerate(SCOPES)
    for wall in WALLS
]
SELECTED: Final = "id projectId path project { name sessions { totalCount nodes { id } } } previous { id projectId }"
DOCUMENTS: Final = {
    "set": f"""subscription($filter: SessionFilter) {{ activeSessions(filter: $filter) {{ __typename
        ... on SessionSnapshot {{ sessions {{ {SELECTED} }} totalCount }}
        ... on SessionChange {{ id change session {{ {SELECTED} }} }} }} }}""",
    "ids": """subscription($filter: SessionFilter) { activeSessions(filter: $filter) { __typename
        ... on SessionSnapshot { sessions { id } totalCount } ... on SessionChange { id change } } }""",
    "log": f"""subscription($filter: SessionFilter) {{ sessionActivities(filter: $filter) {{
        ... on Activity {{ type sessionId session {{ {SELECTED} }} }} }} }}""",
    "statistics": """subscription($filter: SessionFilter) { sessionStats(filter: $filter) {
        total byProject { project { id } total } } }""",
}
FILTERS: Final = ("all", "known", "kinds", "project one")


class Subscription(NamedTuple):
    caller: Caller
    document: str
    filter: str


class Received(NamedTuple):
    response: StreamResponse
    items: list[Any]


subscriptions = st.builds(
    Subscription, st.sampled_from(CALLERS), st.sampled_from(sorted(DOCUMENTS)), st.sampled_from(FILTERS)
)
steps = st.tuples(st.sampled_from(PROJECTS), st.sampled_from(["start", "move", "hide", "delete"]))
OF_ONE: Final = [caller for caller in CALLERS if caller.project_ids == frozenset({"one"})]
CLASH: Final = [Subscription(caller, document, "known") for caller in OF_ONE for document in DOCUMENTS]
"""Equal documents and filters of callers that differ in their scopes only."""


class Readers:
    """One server for all streams, and one for each stream alone, on the same database."""

    def __init__(self, harness: FeedHarness, stack: AsyncExitStack) -> None:
        self._harness = harness
        self._stack = stack
        self.log_readers: list[LogReader] = []

    async def server(self) -> StreamServer:
        api = self._harness.api
        services = api.app.state.services
        log_reader = LogReader(services.database, services.liveness)
        await self._stack.enter_async_context(log_reader.running())
        self.log_readers.append(log_reader)
        return StreamServer(FeedHarness(api, log_reader, FakeTimers()), self._stack)

    async def open(self, server: StreamServer, one: Subscription, known: Sequence[str]) -> Received:
        values: dict[str, Any] = {
            "all": {},
            "known": {"ids": list(known)},
            "kinds": {"kinds": ["USER"]},
            "project one": {"projectIds": ["one"]},
        }
        response = await server.open(DOCUMENTS[one.document], one.caller, filter=values[one.filter])
        received = Received(response, [])
        task = asyncio.create_task(self._collect(received))
        self._stack.callback(task.cancel)
        return received

    @staticmethod
    async def _collect(received: Received) -> None:
        async for frame in received.response.frames:
            received.items.append(orjson.loads(frame.payload))

    async def until_quiet(self, streams: Sequence[Received]) -> None:
        head = await self._harness.database.read(queries.head)
        live = [one.response.frames for one in streams if isinstance(one.response.frames, SubscriberStream)]

        def is_quiet() -> bool:
            return all((reader.position or head) >= head for reader in self.log_readers) and all(
                frames._handoff.has_waiter or frames._finished for frames in live
            )

        for _ in range(3):
            await wait_until(is_quiet)
            await asyncio.sleep(0)


@asynccontextmanager
async def readers(harness: FeedHarness) -> AsyncIterator[Readers]:
    async with asyncio.timeout(300), AsyncExitStack() as stack:
        yield Readers(harness, stack)


def folded(one: Subscription, items: Sequence[Any]) -> Any:
    """Reduce items to what does not depend on how changes were divided into batches."""
    if one.document == "statistics":
        return items[:1]  # further ones follow at most once in a second
    if one.document == "log":
        return sorted(orjson.dumps(_type_and_session(item)) for item in items)
    held: dict[str, str] = {}
    for item in items:
        found = (item.get("data") or {}).get("activeSessions") or {}
        if found.get("__typename") == "SessionSnapshot":
            held = {session["id"]: "held" for session in found["sessions"]}
        elif found.get("change") in ("ADDED", "UPDATED"):
            held[found["id"]] = "held"
        elif found.get("change") == "REMOVED":
            held.pop(found["id"], None)
        else:
            held["refused"] = orjson.dumps(item).decode()
    return held


def _type_and_session(item: Any) -> Any:
    entry = (item.get("data") or {}).get("sessionActivities")
    return item if entry is None else [entry["type"], entry["sessionId"], item.get("errors", [])]


def assert_own_projects_only(one: Subscription, items: Sequence[Any], projects: dict[str, str]) -> None:
    """Check that no text of an item is another project, or a session of one."""
    if one.caller.project_ids is not None:
        text = orjson.dumps(items).decode()
        foreign = {id_ for id_, project in projects.items() if project not in one.caller.project_ids}
        foreign |= {f'"{project}"' for project in PROJECTS if project not in one.caller.project_ids}
        assert [id_ for id_ in foreign if id_ in text] == [], one


def refusals(items: Sequence[Any]) -> set[str]:
    return {error["extensions"]["code"] for item in items for error in item.get("errors", ())}


async def run(harness: FeedHarness, opened: Sequence[Subscription], taken: Sequence[tuple[str, str]]) -> None:
    api = harness.api
    known = {project: (await api.start_user(projectId=project))["id"] for project in PROJECTS}
    projects = {id_: project for project, id_ in known.items()}
    async with readers(harness) as every:
        shared = await every.server()
        together = list(await asyncio.gather(*(every.open(shared, one, list(known.values())) for one in opened)))
        alone = [await every.open(await every.server(), one, list(known.values())) for one in opened]
        for project, action in taken:
            await every.until_quiet([*together, *alone])
            if action == "start":
                projects[(await api.start_user(projectId=project, previousId=known[project]))["id"]] = project
            elif action == "delete":
                await api.delete(known[project])
                known[project] = (await api.start_user(projectId=project))["id"]
                projects[known[project]] = project
            elif action == "hide":
                await api.mutate("hideSession", {"id": known[project]})
            else:
                await api.mutate("keepaliveSession", {"id": known[project], "path": [str(len(projects))]})
        await every.until_quiet([*together, *alone])
        compared = list(zip(opened, together, alone, strict=True))
        with suppress(TimeoutError):  # then the assertion shows the difference
            await wait_until(
                lambda: all(folded(one, shares.items) == folded(one, lone.items) for one, shares, lone in compared)
            )
        for one, shares, lone in compared:
            assert folded(one, shares.items) == folded(one, lone.items), one
            assert refusals(shares.items) == refusals(lone.items), one
            assert_own_projects_only(one, shares.items, projects)


@pytest.fixture
async def walls(harness: FeedHarness) -> FeedHarness:
    for name in PROJECTS:
        await create_project(harness.api, name)
    return harness


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(subscriptions, min_size=2, max_size=6), st.lists(steps, min_size=1, max_size=3))
@example(CLASH, [("one", "move"), ("two", "delete"), ("one", "delete")])
async def test_each_stream_is_as_if_it_were_alone(
    walls: FeedHarness, opened: list[Subscription], taken: list[tuple[str, str]]
) -> None:
    await run(walls, opened, taken)


@pytest.mark.long
@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(subscriptions, min_size=2, max_size=12), st.lists(steps, min_size=1, max_size=6))
async def test_each_stream_of_many_is_as_if_it_were_alone(
    walls: FeedHarness, opened: list[Subscription], taken: list[tuple[str, str]]
) -> None:
    await run(walls, opened, taken)
