"""Fixture: a server on the fake log."""

import pytest

from tests.transport.subscriptions.fake_source import FakeLog
from tests.transport.subscriptions.stream_server import StreamServer


@pytest.fixture
def server(log: FakeLog) -> StreamServer:
    return StreamServer(log)
