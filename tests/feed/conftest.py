"""What the tests of the feed can ask for."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.feed_harness import FeedHarness, open_harness


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[FeedHarness]:
    """A feed over an empty database."""
    async with open_harness(tmp_path / "test.db") as opened:
        yield opened
