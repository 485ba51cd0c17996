"""A fresh log for each test, and a server that tells it."""

import pytest

from tests.transport.subscriptions.fake_source import FakeLog
from tests.transport.subscriptions.stream_server import StreamServer


@pytest.fixture
def log() -> FakeLog:
    """What happens."""
    return FakeLog()


@pytest.fixture
def server(log: FakeLog) -> StreamServer:
    """A server with default settings."""
    return StreamServer(log)
