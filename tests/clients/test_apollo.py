"""@apollo/client 4 over each of its links."""

from typing import Any

import pytest

from tests.clients.node import node_json
from tests.live_server import Server

pytestmark = [pytest.mark.clients, pytest.mark.usefixtures("node_modules")]


@pytest.fixture(scope="module")
def apollo(server: Server) -> Any:
    return node_json("apollo.mjs", server.graphql)


@pytest.mark.parametrize("part", ["http", "webSocket"])
def test_started_session_is_listed(apollo: Any, part: str) -> None:
    started, listed = (result["data"] for result in apollo[part])
    assert started["startSession"]["problems"] == []
    assert listed["sessions"]["nodes"] == [started["startSession"]["session"]]
    assert listed["sessions"]["nodes"][0]["username"] == f"apollo {part}"


@pytest.mark.parametrize("part", ["subscriptionOverWebSocket", "subscriptionOverMultipart"])
def test_subscription_receives_a_started_session(apollo: Any, part: str) -> None:
    snapshot, change = (result["data"]["activeSessions"] for result in apollo[part])
    assert (snapshot["sessions"], snapshot["last"]) == ([], True)
    assert (change["change"], change["session"]["username"]) == ("ADDED", f"apollo {part}")


def test_deferred_fragment_arrives_later(apollo: Any) -> None:
    first, whole = apollo["deferred"]["shown"]
    assert apollo["deferred"]["type"].startswith("multipart/mixed")
    assert (first["state"], whole["state"]) == ("streaming", "complete")
    (session,), (complete,) = (shown["data"]["sessions"]["nodes"] for shown in (first, whole))
    assert set(session) == {"__typename", "id"}
    assert complete["activities"]["edges"][0]["node"]["type"] == "STARTED"
    assert complete["pathTimes"] == []


@pytest.mark.parametrize(("part", "method"), [("persistedByPost", "POST"), ("persistedByGet", "GET")])
def test_query_is_sent_by_hash_once_registered(apollo: Any, part: str, method: str) -> None:
    assert apollo[part]["wire"] == [
        [method, "hash", "PERSISTED_QUERY_NOT_FOUND"],
        ["POST", "text", "ok"],
        [method, "hash", "ok"],
    ]
    assert apollo[part]["data"]["sessions"]["nodes"][0]["username"] == f"apollo {part}"
