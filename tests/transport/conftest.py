"""Fixtures: a fake application and its client."""

from collections.abc import AsyncIterator

import pytest

from tests.transport.fake_app import FakeApp, GraphQLClient, open_client


@pytest.fixture
def fake_app() -> FakeApp:
    return FakeApp()


@pytest.fixture
async def client(fake_app: FakeApp) -> AsyncIterator[GraphQLClient]:
    async with open_client(fake_app) as asking:
        yield asking
