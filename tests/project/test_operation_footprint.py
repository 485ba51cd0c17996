"""How many files of the project one operation enters: what a reader must open to follow it."""

import asyncio
import json
import sys
import threading
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, Final

import pytest
from starlette.types import Message

from resolvers.access import LOCAL_ADMIN
from resolvers.context import open_context
from resolvers.feed.log_reader import LogReader
from resolvers.lifecycle.service import keepalive_session
from tests.api_client import ApiClient, open_api
from tests.project.source_tree import ROOT

PACKAGES: Final = ("models", "resolvers", "schema", "transport", "web", "main.py")

KEEPALIVE: Final = """mutation($input: KeepaliveSessionInput!) { keepaliveSession(input: $input) {
    session { id visible revision path } keepaliveSeconds problems { code message path } } }"""
PAGE: Final = """{ sessions(first: 5) { edges { cursor node {
    __typename id kind state startedAt visible path ... on UserSession { username } } }
    pageInfo { hasNextPage endCursor } } }"""
SUBSCRIPTION: Final = "subscription { activeSessions { ... on SessionChange { change cursor session { id path } } } }"


class CallRecorder:
    """Counts the calls into each file of the project, in all threads, while it is on."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        self._on = False
        self._prefix = f"{ROOT}/"

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Profile this thread and those that start from now on."""
        threading.setprofile(self._profile)
        sys.setprofile(self._profile)
        try:
            yield
        finally:
            sys.setprofile(None)
            threading.setprofile(None)

    async def record(self, operation: Callable[[], Awaitable[Any]]) -> Counter[str]:
        """Run an operation and return its calls by file."""
        self.calls.clear()
        self._on = True
        await operation()
        self._on = False
        return self.calls.copy()

    def _profile(self, frame: FrameType, event: str, _argument: Any) -> None:
        path = frame.f_code.co_filename
        if self._on and event == "call" and path.startswith(self._prefix):
            file = path.removeprefix(self._prefix)
            if file.partition("/")[0] in PACKAGES:
                self.calls[file] += 1


def check(calls: Counter[str], limit: int) -> None:
    """Fail with the list of files where there are more than `limit`."""
    listing = "\n".join(f"{file} {count}" for file, count in sorted(calls.items()))
    assert 15 < len(calls) <= limit, f"{len(calls)} files, {calls.total()} calls:\n{listing}"


@pytest.fixture(autouse=True)
def recorder() -> Iterator[CallRecorder]:
    """A recorder that is installed before any thread of the server starts."""
    recorder = CallRecorder()
    with recorder.installed():
        yield recorder


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[ApiClient]:
    """A server whose threads are profiled, with a few sessions."""
    async with open_api(tmp_path / "test.db") as api:
        for name in ("ann", "bob", "cy", "dee", "eve"):
            await api.start_user(name)
        yield api


def keepalives(api: ApiClient, session_id: str) -> Callable[[], Awaitable[None]]:
    """Return a call that moves a session to a new path each time."""
    pages = iter(range(1_000))

    async def keepalive() -> None:
        page = f"page {next(pages)}"
        payload = await api.execute(KEEPALIVE, input={"id": session_id, "visible": True, "path": [page]})
        assert payload["session"]["path"] == [page]

    return keepalive


async def move_without_request(api: ApiClient, session_id: str) -> None:
    async with open_context(api.app.state.services, LOCAL_ADMIN) as context:
        await keepalive_session(context, {"id": session_id, "path": ["elsewhere"]})


async def test_keepalive_enters_few_files(recorder: CallRecorder, server: ApiClient) -> None:
    keepalive = keepalives(server, (await server.start_user())["id"])
    await keepalive()
    check(await recorder.record(keepalive), 50)


async def test_page_enters_few_files(recorder: CallRecorder, server: ApiClient) -> None:
    async def page() -> None:
        assert len((await server.execute(PAGE))["edges"]) == 5

    await page()
    check(await recorder.record(page), 49)


async def test_subscription_event_enters_few_files(
    recorder: CallRecorder, server: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    session_id = (await server.start_user())["id"]
    keepalive = keepalives(server, session_id)
    wake, held = LogReader.wake, False

    def hold(reader: LogReader) -> None:
        if not held:
            wake(reader)

    monkeypatch.setattr(LogReader, "wake", hold)
    async with subscribed(server, SUBSCRIPTION) as receive:
        for _ in range(2):
            await keepalive()
            await receive()
        held = True  # written without a request, and first, so that only the event is counted
        await move_without_request(server, session_id)

        async def event() -> None:
            wake(server.app.state.services.log_reader)
            assert (await receive())["change"] == "UPDATED"

        check(await recorder.record(event), 40)


@asynccontextmanager
async def subscribed(api: ApiClient, document: str) -> AsyncIterator[Callable[[], Awaitable[Any]]]:
    """Subscribe over graphql-transport-ws, skip the snapshot, and yield a function that awaits the next item."""
    sent: asyncio.Queue[Message] = asyncio.Queue()
    received: asyncio.Queue[Message] = asyncio.Queue()
    scope = {
        "type": "websocket",
        "path": "/graphql",
        "query_string": b"",
        "headers": [(b"host", b"localhost")],
        "client": ("127.0.0.1", 50_000),
        "server": ("127.0.0.1", 80),
        "scheme": "ws",
        "subprotocols": ["graphql-transport-ws"],
    }
    await sent.put({"type": "websocket.connect"})
    await sent.put({"type": "websocket.receive", "text": '{"type": "connection_init"}'})
    subscribe = {"type": "subscribe", "id": "1", "payload": {"query": document}}
    await sent.put({"type": "websocket.receive", "text": json.dumps(subscribe)})
    connection = asyncio.create_task(api.app(scope, sent.get, received.put))

    async def receive() -> Any:
        message = json.loads((await received.get())["text"])
        assert message["type"] == "next", message
        return message["payload"]["data"]["activeSessions"]

    assert (await received.get())["type"] == "websocket.accept"
    assert json.loads((await received.get())["text"]) == {"type": "connection_ack"}
    assert await receive() == {}
    yield receive
    await sent.put({"type": "websocket.disconnect", "code": 1000})
    await connection
