"""Fixtures of the tests on database files."""

import asyncio
from pathlib import Path

import pytest

from tests.database.populated import create_populated


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with rows in every table, to copy."""
    file = tmp_path_factory.mktemp("populated") / "test.db"
    asyncio.run(create_populated(file))
    return file
