"""Clients whose connections break, on a clock that a test moves."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from random import Random
from typing import Any

from tests.api_client import ApiClient, FakeClock, open_api
from tests.chaos.client_model import ActivityLog, Item, SessionSet
from tests.chaos.requests import ACTIVE_SESSIONS, SESSION_ACTIVITIES, SESSIONS_PAGE, SubscriptionRequest
from tests.chaos.transports import Transport
from tests.live_server import serve_app
from tests.polling import TIMEOUT_SECONDS

"""Seconds after which something does not come any more."""


class RestartableServer:
    """A server on a real socket, which may be another one next time."""

    api: ApiClient
    port: int

    def __init__(self, file: Path) -> None:
        self.file = file
        self._clock = FakeClock()
        self._stack = AsyncExitStack()

    async def open(self) -> None:
        """Serve."""
        self.api = await self._stack.enter_async_context(open_api(self.file, self._clock))
        self.port = await self._stack.enter_async_context(serve_app(self.api.app))

    async def close(self) -> None:
        """Serve no more."""
        await self._stack.aclose()

    async def write_marker(self) -> str:
        """Something that everybody is told, behind everything else: the id of a new session."""
        session = await self.api.start_user("ann", path=["a"], timeoutSeconds=30)
        return str(session["id"])


@asynccontextmanager
async def open_server(file: Path) -> AsyncIterator[RestartableServer]:
    """A station, open."""
    opened = RestartableServer(file)
    try:
        await opened.open()
        yield opened
    finally:
        await opened.close()


class FlakyClient:
    """A dashboard, and a timeline beside it."""

    def __init__(self, transport: Transport, variables: dict[str, Any], cursor: str) -> None:
        self.session_set, self.log = SessionSet(), ActivityLog(cursor)
        self._transport = transport
        self._request = SubscriptionRequest(ACTIVE_SESSIONS, variables)

    async def connect_and_compare(self, server: RestartableServer, marker: str, *, until_current: bool = True) -> None:
        """Connect, be told what there is, the mark with it, and lose the connection; or lose it with the first item."""
        found = await server.api.execute(SESSIONS_PAGE, filter={**self._request.filter, "active": True})
        expected = _compared_fields(found["nodes"])
        assert marker in expected
        self.session_set.on_connect()
        try:
            async with (
                asyncio.timeout(TIMEOUT_SECONDS),
                self._transport(server.port, self._request, self.session_set.cursor) as stream,
            ):
                async for item in stream:
                    self.session_set.on_item(item)
                    if not until_current or _compared_fields(self.session_set.sessions.values()) == expected:
                        break
                stream.abort()
        except TimeoutError:
            raise AssertionError(
                f"{self._request}: {_compared_fields(self.session_set.sessions.values())}, not {expected}"
            ) from None

    async def read_log_until(self, server: RestartableServer, marker: str) -> None:
        """Read the log up to the mark."""
        async with self._transport(server.port, SubscriptionRequest(SESSION_ACTIVITIES), self.log.cursor) as stream:
            async for item in stream:
                self.log.on_item(item)
                if item["sessionId"] == marker:
                    break
            stream.abort()

    async def first_items(
        self, server: RestartableServer, request: SubscriptionRequest, cursor: str | None, count: int
    ) -> list[Item]:
        """The first items for one who comes with a cursor."""
        found: list[Item] = []
        async with self._transport(server.port, request, cursor) as stream:
            async for item in stream:
                found.append(item)
                if len(found) == count:
                    break
            stream.abort()
        return found

    async def first_session_items(self, server: RestartableServer, count: int) -> list[Item]:
        """The first items for the dashboard."""
        return await self.first_items(server, self._request, self.session_set.cursor, count)


def _compared_fields(sessions: Iterable[Item]) -> dict[str, Item]:
    return {one["id"]: {name: one[name] for name in ("path", "visible", "state")} for one in sessions}


class RandomMutations:
    """What goes on in the meantime."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)  # noqa: S311 - repeatable, not secret
        self._ids: list[str] = []

    async def advance(self, api: ApiClient, seconds: int) -> None:
        """So much time passes, and things happen in it."""
        step_times = sorted(self._random.randrange(seconds * 1000) for _ in range(self._random.randrange(6)))
        now = 0
        for step_time in [*step_times, seconds * 1000]:
            await api.advance((step_time - now) / 1000)
            now = step_time
            await self._random_step(api)

    async def _random_step(self, api: ApiClient) -> None:
        step = self._random.randrange(7)
        mutation_input: dict[str, Any] = {"id": self._random.choice(self._ids or ["s_" + "x" * 22])}
        match step:
            case 0 | 1:
                started = await api.start_user(
                    self._random.choice(["ann", "bob"]), path=self._path(), timeoutSeconds=self._random.choice([10, 60])
                )
                self._ids = [*self._ids[-20:], started["id"]]
            case 2:
                await api.mutate("keepaliveSession", {**mutation_input, "path": self._path()})
            case 3:
                await api.mutate("hideSession", mutation_input)
            case 4:
                await api.mutate("stopSession", mutation_input)
            case 5:
                await api.sweep()
            case _:
                await api.execute("mutation($id: ID!) { deleteSession(id: $id) { id } }", **mutation_input)

    def _path(self) -> list[str]:
        return self._random.choice([["a"], ["a", "b"], ["b"]])
