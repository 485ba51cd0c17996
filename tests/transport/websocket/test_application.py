"""WebSockets of the whole application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin, Subprotocol

from tests.api_client import open_api
from tests.live_server import serve_app
from tests.transport.websocket.live_server import WebSocketClient

START = """mutation { startSession(input: {variant: {user: {username: "ann"}}}) {
    session { state } problems { code } } }"""


@asynccontextmanager
async def client(port: int, origin: str | None = None) -> AsyncIterator[WebSocketClient]:
    async with connect(
        f"ws://localhost:{port}/graphql",
        subprotocols=[Subprotocol("graphql-transport-ws")],
        origin=None if origin is None else Origin(origin),
    ) as connection:
        opened = WebSocketClient(connection)
        await opened.send({"type": "connection_init"})
        assert await opened.receive() == {"type": "connection_ack"}
        yield opened


@asynccontextmanager
async def served(file: Path, **settings: Any) -> AsyncIterator[int]:
    async with open_api(file, **settings) as api, serve_app(api.app) as port:
        yield port


async def test_sessions_are_started_and_read_over_a_websocket(tmp_path: Path) -> None:
    async with served(tmp_path / "test.db") as port, client(port) as one:
        started = await one.execute(START)
        assert started == {"data": {"startSession": {"session": {"state": "ACTIVE"}, "problems": []}}}
        assert await one.execute("{sessions{totalCount}}") == {"data": {"sessions": {"totalCount": 1}}}


async def test_compression_is_not_negotiated(tmp_path: Path) -> None:
    async with served(tmp_path / "test.db") as port, client(port) as one:
        assert one.connection.protocol.extensions == []
        assert "server" not in one.connection.response.headers  # type: ignore[union-attr]  # the handshake is over


@pytest.mark.parametrize(
    ("settings", "origin", "allowed"),
    [
        ({}, None, True),
        ({}, "http://localhost:5173", True),
        ({}, "https://evil.example", False),
        ({"allowed_origins": ("https://app.example",)}, "https://app.example", True),
        ({"allowed_origins": ("https://app.example",)}, "http://localhost:5173", False),
    ],
)
async def test_origins_follow_the_settings(
    tmp_path: Path, settings: dict[str, Any], origin: str | None, allowed: bool
) -> None:
    async with served(tmp_path / "test.db", **settings) as port:
        if allowed:
            async with client(port, origin) as one:
                await one.execute("{viewer{name}}")
        else:
            with pytest.raises(InvalidStatus) as refused:
                async with client(port, origin):
                    pass
            assert refused.value.response.status_code == 403


async def test_streams_per_address_follow_the_settings(tmp_path: Path) -> None:
    async with served(tmp_path / "test.db", streams_per_address=2) as port:
        async with client(port), client(port):
            with pytest.raises(InvalidStatus) as refused:
                async with client(port):
                    pass
            assert refused.value.response.status_code == 429
        async with client(port) as one:
            await one.execute("{viewer{name}}")
