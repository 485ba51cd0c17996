"""Fixtures that every test can use."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from graphql.execution import Executor

from tests.api_client import ApiClient, open_api
from tests.blobs.form_client import FormClient
from tests.feed_harness import FeedHarness, open_harness
from transport.execution import Execution


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--graphql-core", action="store_true", help="execute operations by graphql-core alone")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--graphql-core"):
        Execution.executor_class = Executor


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--graphql-core"):
        items[:] = [item for item in items if item.get_closest_marker("compiled") is None]


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Run async tests on asyncio."""
    return "asyncio"


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[ApiClient]:
    """Client of a server with an empty database."""
    async with open_api(tmp_path / "test.db") as opened:
        yield opened


@pytest.fixture
def device(api: ApiClient, tmp_path: Path) -> FormClient:
    """Client of the same server that sends forms with files."""
    return FormClient(api, tmp_path / "test.db.files")


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[FeedHarness]:
    """Log reader on an empty database."""
    async with open_harness(tmp_path / "test.db") as opened:
        yield opened
