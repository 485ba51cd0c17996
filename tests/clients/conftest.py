from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from tests.clients.node import install
from tests.live_server import Server, running_server


@pytest.fixture(scope="session")
def node_modules() -> Path:
    """Where the packages are."""
    return install()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One for all clients: each of them looks only at what it made itself."""
    with running_server(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failed test shows the end of the server's log."""
    report = yield
    running = getattr(item, "funcargs", {}).get("server")
    if report.failed and isinstance(running, Server):
        report.sections.append(("server log", running.log.read_text()[-10_000:]))
    return report
