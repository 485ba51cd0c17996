"""Databases without a server."""

from collections.abc import AsyncIterator, Iterator

import pytest
from sqlalchemy import Engine, create_engine

from models.clock import SECOND
from models.database import Database, open_database
from models.enums import Kind
from models.migrations import migrate
from tests.factories import NOW, activity_row, delete_all, ended_row, insert, project_row, session_row


@pytest.fixture(scope="package")
async def opened(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Database]:
    """Open one database file for all tests here: creating it takes longer than most of them."""
    async with open_database(tmp_path_factory.mktemp("reading") / "test.db") as database:
        yield database


@pytest.fixture
async def database(opened: Database) -> Database:
    """Empty the database, except for the projects `default`, `p1` and `p2`."""
    await delete_all(opened)
    await insert(opened, project_row("p1"), project_row("p2"))
    return opened


@pytest.fixture(scope="package")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """Create another database for tests that roll their rows back."""
    engine = create_engine(f"sqlite:///{tmp_path_factory.mktemp('rule') / 'test.db'}")
    with engine.begin() as tx:
        migrate(tx)
    yield engine
    engine.dispose()


@pytest.fixture(scope="package")
async def filled(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Database]:
    """Open a database with 3,000 sessions, most of them ended."""
    async with open_database(tmp_path_factory.mktemp("plans") / "test.db") as database:
        kinds = list(Kind)
        rows = [
            session_row(kinds[index % 5], started_at=NOW - index * SECOND)
            if index % 4 == 0
            else ended_row(kinds[index % 5])
            for index in range(3000)
        ]
        await insert(database, project_row("p1"), *rows, *(activity_row(s) for s in rows))
        yield database
