"""One server for the tests of a file, on the event loop that it has in production."""

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.transport.websocket.site import Site, serving


@pytest.fixture(scope="session")
def anyio_backend() -> tuple[str, dict[str, bool]]:
    """Async tests run on uvloop."""
    return "asyncio", {"use_uvloop": True}


@pytest.fixture(scope="module")
async def site() -> AsyncIterator[Site]:
    """A server with default settings."""
    async with serving() as served:
        yield served


@pytest.fixture(autouse=True)
def no_tracebacks(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Nothing that a client sends may leave a traceback in a log."""
    yield
    assert [record.getMessage() for record in caplog.records if record.exc_info or record.levelname == "ERROR"] == []
