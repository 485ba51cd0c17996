"""One server for the tests of a file, on the event loop that it has in production."""

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.transport.websocket.fake_connection import INIT, FakeConnection
from tests.transport.websocket.live_server import LiveServer, live_server


@pytest.fixture(scope="session")
def anyio_backend() -> tuple[str, dict[str, bool]]:
    """Async tests run on uvloop."""
    return "asyncio", {"use_uvloop": True}


@pytest.fixture(scope="module")
async def default_site() -> AsyncIterator[LiveServer]:
    """A server with default settings, for all tests of a file."""
    async with live_server() as served:
        yield served


@pytest.fixture
async def site(default_site: LiveServer) -> AsyncIterator[LiveServer]:
    """The same, on which nothing has happened yet."""
    default_site.reset()
    yield default_site
    await default_site.wait_until_empty()


@pytest.fixture
def new() -> FakeConnection:
    """A socket on which nothing was said yet."""
    return FakeConnection()


@pytest.fixture
def ready() -> FakeConnection:
    """A socket that is acknowledged."""
    talk = FakeConnection()
    talk.receive(INIT)
    talk.protocol.authenticated(talk.now)
    return talk


@pytest.fixture(autouse=True)
def no_tracebacks(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Nothing that a client sends may leave a traceback in a log."""
    yield
    assert [record.getMessage() for record in caplog.records if record.exc_info or record.levelname == "ERROR"] == []
