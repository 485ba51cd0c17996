"""A fresh log for each test, and a server that tells it."""

import pytest

from tests.transport.subscriptions.fake_source import Log
from tests.transport.subscriptions.stream_server import Server


@pytest.fixture
def log() -> Log:
    """What happens."""
    return Log()


@pytest.fixture
def server(log: Log) -> Server:
    """A server with default settings."""
    return Server(log)
