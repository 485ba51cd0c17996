"""Who sends files, and who takes them."""

from collections.abc import AsyncIterator

import pytest

from tests.transport.http.multipart_client import Receiver, Sender, sending


@pytest.fixture
def receiver() -> Receiver:
    """What resolvers are given."""
    return Receiver()


@pytest.fixture
async def sender(receiver: Receiver) -> AsyncIterator[Sender]:
    """A client of a server with default settings."""
    async with sending(receiver) as opened:
        yield opened
