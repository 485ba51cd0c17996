"""A fresh log for each test, and a server that tells it."""

import pytest

from tests.transport.streams.source import Log
from tests.transport.streams.world import Server


@pytest.fixture
def log() -> Log:
    """What happens."""
    return Log()


@pytest.fixture
def server(log: Log) -> Server:
    """A server with default settings."""
    return Server(log)
