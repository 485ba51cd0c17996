"""A fresh world for each test, and a client in it."""

from collections.abc import AsyncIterator

import pytest

from tests.transport.fake_app import FakeApp, GraphQLClient, open_client


@pytest.fixture
def fake_app() -> FakeApp:
    """What happens on the server's side."""
    return FakeApp()


@pytest.fixture
async def client(fake_app: FakeApp) -> AsyncIterator[GraphQLClient]:
    """A client of a server with default settings."""
    async with open_client(fake_app) as asking:
        yield asking
