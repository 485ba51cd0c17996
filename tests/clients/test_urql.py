"""urql (@urql/core 6) over HTTP alone, and with graphql-ws."""

from typing import Any

import pytest

from tests.clients.node import node_json
from tests.live_server import Server

pytestmark = [pytest.mark.clients, pytest.mark.usefixtures("node_modules")]


@pytest.fixture(scope="module")
def urql(server: Server) -> Any:
    return node_json("urql.mjs", server.graphql)


@pytest.mark.parametrize("part", ["http", "webSocket"])
def test_started_session_is_listed(urql: Any, part: str) -> None:
    started, listed = urql[part]
    assert started["startSession"]["problems"] == []
    assert listed["sessions"]["nodes"] == [started["startSession"]["session"]]
    assert listed["sessions"]["nodes"][0]["username"] == f"urql {part}"


@pytest.mark.parametrize("part", ["subscriptionByFetch", "subscriptionOverWebSocket"])
def test_subscription_receives_a_started_session(urql: Any, part: str) -> None:
    snapshot, change = (result["activeSessions"] for result in urql[part])
    assert (snapshot["sessions"], snapshot["last"]) == ([], True)
    assert (change["change"], change["session"]["username"]) == ("ADDED", f"urql {part}")


def test_it_sends_a_file_and_fetches_it(urql: Any) -> None:
    sent = urql["upload"]
    assert sent["problems"] == []
    assert (sent["file"]["filename"], sent["file"]["contentType"]) == ("dawn – 1.txt", "text/plain")
    assert (sent["status"], sent["content"]) == (200, "taken at dawn")
