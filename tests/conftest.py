"""What every test can ask for."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.api_client import ApiClient, open_api


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Async tests run on asyncio."""
    return "asyncio"


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[ApiClient]:
    """A server with an empty database."""
    async with open_api(tmp_path / "test.db") as opened:
        yield opened
