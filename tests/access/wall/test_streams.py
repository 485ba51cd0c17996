"""The wall between projects in streams: what happens beyond it is not seen, and nothing that is sent is of it."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias

import httpx2
import orjson
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from resolvers.pagination import cursors
from tests.access.tokens import ask
from tests.access.wall.cases import Case, every_case
from tests.access.wall.test_requests import REQUESTS, without_echoes, without_new_values
from tests.access.wall.test_statements import ENDS, MUTATIONS, own_mutations
from tests.access.wall.world import THEIRS, Side, World, open_world, start
from tests.live_server import serve_app
from tests.polling import wait_until

CASES: Final = [case for case in every_case() if case.operation == "subscription"]


def first_target(case: Case) -> Case:
    return replace(case, targets=lambda side: case.targets(side)[:1])


FEW: Final = [first_target(case) for case in CASES if case.name.endswith((".ids", ".after"))]
FEW_REQUESTS: Final = [first_target(case) for case in REQUESTS if case.name.endswith(".id")]
ALL_ACTIVITIES: Final = "subscription { sessionActivities { ... on Activity { type sessionId } } }"
EVERYTHING: Final = (
    ALL_ACTIVITIES,
    "subscription { activeSessions(heartbeats: true) { __typename ... on SessionChange { id change } } }",
    "subscription { sessionStats { total } }",
)


ACTIVITIES: Final = 13
"""Of what `act` does."""


class Stream(NamedTuple):
    """A subscription that is open, and what it has received."""

    document: str
    variables: dict[str, Any]
    received: list[str]


Subscribe: TypeAlias = Callable[[Stream], Awaitable[None]]


@asynccontextmanager
async def websocket(port: int, authorization: str) -> AsyncIterator[Subscribe]:
    """Open a socket for all streams of a caller."""
    streams: list[Stream] = []
    url = f"ws://127.0.0.1:{port}/graphql"
    async with connect(url, subprotocols=[Subprotocol("graphql-transport-ws")], max_size=None) as socket:
        await socket.send(
            orjson.dumps({"type": "connection_init", "payload": {"authorization": authorization}}).decode()
        )
        assert orjson.loads(await socket.recv()) == {"type": "connection_ack"}
        reading = asyncio.create_task(read_messages(socket, streams))

        async def subscribe(stream: Stream) -> None:
            streams.append(stream)
            payload = {"query": stream.document, "variables": stream.variables}
            message = {"id": str(len(streams) - 1), "type": "subscribe", "payload": payload}
            await socket.send(orjson.dumps(message).decode())

        yield subscribe
    await asyncio.gather(reading, return_exceptions=True)


async def read_messages(socket: ClientConnection, streams: Sequence[Stream]) -> None:
    async for text in socket:
        message = orjson.loads(text)
        if message["type"] == "ping":
            await socket.send('{"type": "pong"}')
        elif message["type"] != "complete":
            streams[int(message["id"])].received.append(orjson.dumps(message["payload"]).decode())


@asynccontextmanager
async def server_sent_events(port: int, authorization: str) -> AsyncIterator[Subscribe]:
    """Open a request for each stream."""
    headers = {"accept": "text/event-stream", "authorization": authorization}
    limits = httpx2.Limits(max_connections=None)
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(httpx2.AsyncClient(timeout=None, limits=limits))
        readers: list[asyncio.Task[None]] = []

        async def subscribe(stream: Stream) -> None:
            body = {"query": stream.document, "variables": stream.variables}
            request = http.stream("POST", f"http://127.0.0.1:{port}/graphql", json=body, headers=headers)
            response = await stack.enter_async_context(request)
            readers.append(asyncio.create_task(read_events(response, stream)))

        try:
            yield subscribe
        finally:
            for reader in readers:
                reader.cancel()
            await asyncio.gather(*readers, return_exceptions=True)


async def read_events(response: httpx2.Response, stream: Stream) -> None:
    async for line in response.aiter_lines():
        if line.startswith("data:") and line != "data:":
            stream.received.append(line.removeprefix("data:").strip())


TRANSPORTS: Final = {"WebSocket": websocket, "SSE": server_sent_events}


def without_fingerprints(stream: Stream) -> list[str]:
    """Decode the cursors of what was received, without their hash of the filter, which the client has sent."""

    def decode(match: re.Match[str]) -> str:
        return f'"cursor":"{[value for value in cursors._load(match[1]) if not isinstance(value, str)]}"'

    return [re.sub(r'"cursor":"([^"]+)"', decode, text) for text in stream.received]


async def subscribe_to_all(
    world: World, cases: Sequence[Case], subscribe: Subscribe
) -> list[tuple[str, Stream, Stream]]:
    """Open each case twice: for what is beyond the wall, and for what does not exist."""
    pairs = []
    for case in cases:
        for target in case.targets(world.theirs):
            existing, missing = [
                Stream(case.document, case.variables(world.ours, target, value), [])
                for value in (target.existing, target.missing)
            ]
            await subscribe(existing)
            await subscribe(missing)
            pairs.append((f"{case.name} {target.name}", existing, missing))
    return pairs


async def act(world: World, side: Side) -> None:
    """Do everything to the sessions of a side: the last of it is that a session starts."""
    endings = {kind: id_ for kind, id_ in side.sessions.items() if kind != "user"} | {"token": side.token}
    for document, variables in ((MUTATIONS, own_mutations(side)), (ENDS, endings)):
        answer = (await ask(world.api, document, side.authorization(), **variables)).json()
        assert "errors" not in answer, answer["errors"]
    world.api.http.headers["authorization"] = side.authorization()
    await start(world.api, side, "user", f"{side.name}-marker")
    del world.api.http.headers["authorization"]


async def until_quiet(world: World) -> None:
    """Wait until nothing is on its way to any stream."""
    app = world.api.app
    for _ in range(3):
        await wait_until(lambda: all(one._handoff.has_waiter for one in app.state.streams.subscriptions))
        await asyncio.sleep(0)


async def assert_nothing_is_seen(world: World, transport: str, cases: Sequence[Case]) -> None:
    async with AsyncExitStack() as stack:
        port = await stack.enter_async_context(serve_app(world.api.app))
        open_for = TRANSPORTS[transport]
        ours = await stack.enter_async_context(open_for(port, world.ours.authorization()))
        theirs = await stack.enter_async_context(open_for(port, world.theirs.authorization()))
        pairs = await subscribe_to_all(world, cases, ours)
        watching = [Stream(document, {}, []) for document in EVERYTHING]
        control = [Stream(document, {}, []) for document in EVERYTHING]
        for stream, subscribe in [*((one, ours) for one in watching), *((one, theirs) for one in control)]:
            await subscribe(stream)
        await wait_until(lambda: len(world.api.app.state.streams.subscriptions) == 2 * len(pairs) + 6)
        await wait_until(lambda: all(stream.received for stream in [*watching[1:], *control[1:]]))
        await until_quiet(world)
        before = [len(stream.received) for stream in watching]
        await act(world, world.theirs)
        # What they see shows that all of it has been sent.
        await wait_until(lambda: len(control[0].received) == ACTIVITIES)
        await until_quiet(world)
        assert [len(stream.received) for stream in watching] == before
        for name, existing, missing in pairs:
            assert without_fingerprints(existing) == without_fingerprints(missing), name
            shown = without_echoes("".join(existing.received), existing.variables)
            assert [text for text in (THEIRS, *world.their_ids) if text in shown] == [], name
        # Streams of ours are alive.
        await act(world, world.ours)
        await wait_until(lambda: len(watching[0].received) == ACTIVITIES)


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_streams_show_nothing_from_beyond_the_wall(tmp_path: Path, transport: str) -> None:
    async with open_world(tmp_path) as world, asyncio.timeout(120):
        await assert_nothing_is_seen(world, transport, FEW)


@pytest.mark.long
@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_all_streams_show_nothing_from_beyond_the_wall(tmp_path: Path, transport: str) -> None:
    async with open_world(tmp_path) as world, asyncio.timeout(600):
        await assert_nothing_is_seen(world, transport, CASES)


async def assert_requests_find_nothing(world: World, transport: str, cases: Sequence[Case]) -> None:
    async with serve_app(world.api.app) as port, TRANSPORTS[transport](port, world.ours.authorization()) as send:
        for case in cases:
            for target in case.targets(world.theirs):
                answers = []
                for value in (target.existing, target.missing):
                    stream = Stream(case.document, case.variables(world.ours, target, value), [])
                    await send(stream)
                    await wait_until(lambda stream=stream: stream.received)  # type: ignore[misc]  # a default
                    answers.append(without_new_values(case, stream.received[0], value))
                    await world.undo_starts()
                assert answers[0] == answers[1], (case.name, target.name)


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_requests_over_streams_find_nothing_beyond_the_wall(tmp_path: Path, transport: str) -> None:
    async with open_world(tmp_path) as world, asyncio.timeout(120):
        await assert_requests_find_nothing(world, transport, FEW_REQUESTS)


@pytest.mark.long
@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_all_requests_over_streams_find_nothing_beyond_the_wall(tmp_path: Path, transport: str) -> None:
    async with open_world(tmp_path) as world, asyncio.timeout(600):
        await assert_requests_find_nothing(world, transport, REQUESTS)
