"""Fixtures: a fake log and a server on it."""

import pytest

from tests.transport.subscriptions.fake_source import FakeLog
from tests.transport.subscriptions.stream_server import StreamServer


@pytest.fixture
def log() -> FakeLog:
    return FakeLog()


@pytest.fixture
def server(log: FakeLog) -> StreamServer:
    return StreamServer(log)
