"""Fixtures: a fake log and a server on it."""

from collections.abc import AsyncIterator

import pytest

from tests.transport.subscriptions.fake_source import FakeLog
from tests.transport.subscriptions.stream_server import StreamServer


@pytest.fixture
async def log() -> AsyncIterator[FakeLog]:
    log = FakeLog()
    yield log
    for stream in log.streams:
        await stream.aclose()


@pytest.fixture
def server(log: FakeLog) -> StreamServer:
    return StreamServer(log)
