"""The SSE guide's page in Chromium, and its program on graphql-sse."""

from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.clients.guide import write_application
from tests.clients.live_sets import check_restart, printing_program
from tests.clients.node import HERE, chromium, command
from tests.live_server import Server, free_port, running_server

pytestmark = [pytest.mark.clients, pytest.mark.usefixtures("node_modules")]


def test_graphql_sse_live_set_resumes_after_a_restart(tmp_path: Path) -> None:
    check_restart("sse", lambda _: [command("node"), "dashboard.mjs"], tmp_path, resumes=True)


def page_command(application: Path, server: Server) -> list[str | Path]:
    profile = application.parent / "profile"
    return [command("node"), HERE / "sse-page.mjs", server.graphql, application, chromium(), profile]


def test_event_source_page_is_right_after_a_restart(tmp_path: Path) -> None:
    port = free_port()
    application = write_application("sse", tmp_path / "app", f"http://127.0.0.1:{port}")
    with ExitStack() as programs:
        with running_server(tmp_path, port) as server:
            ghost = server.start("ghost")
            server.start("stays")
            wait_for = programs.enter_context(printing_program(*page_command(application, server), folder=tmp_path))
            wait_for({"users": ["ghost", "stays"]})
        with running_server(tmp_path, port) as server:
            server.stop(ghost)
            server.start("comes")
            wait_for({"users": ["comes", "stays"]})


def test_event_source_page_shows_a_wrong_filter_and_closes(tmp_path: Path, server: Server) -> None:
    application = write_application("sse", tmp_path / "app", server.origin)
    index = application / "index.html"
    index.write_text(index.read_text().replace('kinds: ["USER"]', "active: false"))
    with printing_program(*page_command(application, server), folder=tmp_path) as wait_for:
        wait_for({"opened": True})
        wait_for({"alert": "filter.active: must be true or not set, not false: the set has active sessions only"})
        wait_for({"closed": True})
