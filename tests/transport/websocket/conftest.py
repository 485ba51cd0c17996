"""Fixtures: a live server for each file, on the event loop of production, and fake connections."""

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.transport.websocket.fake_connection import INIT, FakeConnection
from tests.transport.websocket.live_server import LiveServer, live_server


@pytest.fixture(scope="session")
def anyio_backend() -> tuple[str, dict[str, bool]]:
    return "asyncio", {"use_uvloop": True}


@pytest.fixture(scope="module")
async def default_server() -> AsyncIterator[LiveServer]:
    async with live_server() as served:
        yield served


@pytest.fixture
async def server(default_server: LiveServer) -> AsyncIterator[LiveServer]:
    default_server.reset()
    yield default_server
    await default_server.wait_until_empty()


@pytest.fixture
def new() -> FakeConnection:
    return FakeConnection()


@pytest.fixture
def ready() -> FakeConnection:
    connection = FakeConnection()
    connection.receive(INIT)
    connection.protocol.authenticated(connection.now)
    return connection


@pytest.fixture(autouse=True)
def no_tracebacks(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    yield
    assert [record.getMessage() for record in caplog.records if record.exc_info or record.levelname == "ERROR"] == []
