"""The pages of a server in production mode in a real browser, under their Content-Security-Policy."""

from pathlib import Path

import pytest

from tests.clients.node import chromium, node_json
from tests.live_server import running_server
from tests.security.test_log_canaries import create_token

pytestmark = [pytest.mark.clients, pytest.mark.usefixtures("node_modules")]


def test_pages_work_in_production_under_their_policy(tmp_path: Path) -> None:
    token = create_token(tmp_path / "test.db")
    with running_server(tmp_path, PRODUCTION="true", GRAPHIQL="true") as server:
        seen = node_json("pages.mjs", server.origin, chromium(), tmp_path, token)
    assert [(visit["status"], visit["violations"]) for visit in seen["visits"]] == [(200, [])] * 5
    assert seen["graphiql"]["violations"] == []
    assert "Mutation" in seen["graphiql"]["types"]
    assert seen["foreign"] == []
    # GraphiQL asks for the schema before a token is entered.
    assert [line for line in seen["console"] if "401" not in line] == []
