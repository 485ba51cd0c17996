"""A fresh world for each test, and a client in it."""

from collections.abc import AsyncIterator

import pytest

from tests.transport.fake_app import Client, World, client


@pytest.fixture
def world() -> World:
    """What happens on the server's side."""
    return World()


@pytest.fixture
async def ask(world: World) -> AsyncIterator[Client]:
    """A client of a server with default settings."""
    async with client(world) as asking:
        yield asking
