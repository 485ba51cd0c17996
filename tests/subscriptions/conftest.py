"""Fixtures of subscriptions."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from tests.feed_harness import FeedHarness
from tests.subscriptions.stream_server import StreamServer


@pytest.fixture
async def server(harness: FeedHarness) -> AsyncIterator[StreamServer]:
    """Stream server with a running log reader."""
    async with asyncio.timeout(120), harness.log_reader.running(), AsyncExitStack() as closing:
        yield StreamServer(harness, closing)
