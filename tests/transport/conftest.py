"""A fresh world for each test, and a client in it."""

from collections.abc import AsyncIterator

import pytest

from tests.transport.fake_app import FakeApp, GraphQLClient, open_client


@pytest.fixture
def world() -> FakeApp:
    """What happens on the server's side."""
    return FakeApp()


@pytest.fixture
async def ask(world: FakeApp) -> AsyncIterator[GraphQLClient]:
    """A client of a server with default settings."""
    async with open_client(world) as asking:
        yield asking
