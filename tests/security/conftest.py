from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.security.production import Production, open_production


@pytest.fixture
async def production(tmp_path: Path) -> AsyncIterator[Production]:
    async with open_production(tmp_path / "test.db") as opened:
        yield opened
