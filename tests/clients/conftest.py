from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from tests.clients.node import install
from tests.live_server import Server, running_server


@pytest.fixture(scope="session")
def node_modules() -> Path:
    return install()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all clients: each reads only its own sessions."""
    with running_server(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add the end of the server's log to the report of a failed test."""
    report = yield
    running = getattr(item, "funcargs", {}).get("server")
    if report.failed and isinstance(running, Server):
        report.sections.append(("server log", running.log.read_text()[-10_000:]))
    return report
