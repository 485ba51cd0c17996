"""Fixtures: a fake application, its client, and a fake log of subscriptions."""

from collections.abc import AsyncIterator

import pytest

from tests.transport.fake_app import FakeApp, GraphQLClient, open_client
from tests.transport.subscriptions.fake_source import FakeLog


@pytest.fixture
async def log() -> AsyncIterator[FakeLog]:
    log = FakeLog()
    yield log
    for stream in log.streams:
        await stream.aclose()


@pytest.fixture
def fake_app() -> FakeApp:
    return FakeApp()


@pytest.fixture
async def client(fake_app: FakeApp) -> AsyncIterator[GraphQLClient]:
    async with open_client(fake_app) as asking:
        yield asking
