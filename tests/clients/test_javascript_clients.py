"""@apollo/client, urql, graphql-ws and graphql-sse, where the guides do not use them."""

from typing import Any

import pytest

from tests.clients.node import node_json
from tests.live_server import Server

pytestmark = [pytest.mark.clients, pytest.mark.usefixtures("node_modules")]


@pytest.fixture(scope="module")
def apollo(server: Server) -> Any:
    return node_json("apollo.mjs", server.graphql)


@pytest.fixture(scope="module")
def urql(server: Server) -> Any:
    return node_json("urql.mjs", server.graphql)


@pytest.fixture(scope="module")
def graphql_ws(server: Server) -> Any:
    return node_json("graphql-ws.mjs", server.graphql)


@pytest.fixture(scope="module")
def graphql_sse(server: Server) -> Any:
    return node_json("graphql-sse.mjs", server.graphql)


def check_listed(results: Any, username: str) -> None:
    started, listed = results
    assert started["startSession"]["problems"] == []
    assert listed["sessions"]["nodes"] == [started["startSession"]["session"]]
    assert listed["sessions"]["nodes"][0]["username"] == username


def check_added(results: Any, username: str) -> None:
    snapshot, change = (result["activeSessions"] for result in results)
    assert (snapshot["sessions"], snapshot["last"]) == ([], True)
    assert (change["change"], change["session"]["username"]) == ("ADDED", username)


def test_apollo_and_urql_subscriptions_over_http_receive_a_started_session(apollo: Any, urql: Any) -> None:
    link = "subscriptionOverMultipart"
    check_added([result["data"] for result in apollo[link]], f"apollo {link}")
    check_added(urql["subscriptionByFetch"], "urql subscriptionByFetch")


def test_apollo_deferred_fragment_arrives_later(apollo: Any) -> None:
    first, whole = apollo["deferred"]["shown"]
    assert apollo["deferred"]["type"].startswith("multipart/mixed")
    assert (first["state"], whole["state"]) == ("streaming", "complete")
    (session,), (complete,) = (shown["data"]["sessions"]["nodes"] for shown in (first, whole))
    assert set(session) == {"__typename", "id"}
    assert complete["activities"]["edges"][0]["node"]["type"] == "STARTED"
    assert complete["pathTimes"] == []


@pytest.mark.parametrize(("link", "method"), [("persistedByPost", "POST"), ("persistedByGet", "GET")])
def test_apollo_sends_a_query_by_hash_once_registered(apollo: Any, link: str, method: str) -> None:
    not_found = [method, "hash", "PERSISTED_QUERY_NOT_FOUND"]
    assert apollo[link]["wire"] == [not_found, ["POST", "text", "ok"], [method, "hash", "ok"]]
    assert apollo[link]["data"]["sessions"]["nodes"][0]["username"] == f"apollo {link}"


def test_graphql_ws_and_graphql_sse_start_and_list_sessions(graphql_ws: Any, graphql_sse: Any) -> None:
    for name, client in (("graphql-ws", graphql_ws), ("graphql-sse", graphql_sse)):
        (started, end), (listed, other_end) = client["mutation"], client["query"]
        check_listed([started["data"], listed["data"]], f"{name} mutation")
        assert end == other_end == "ended"


def test_graphql_sse_subscription_receives_a_started_session(graphql_sse: Any) -> None:
    snapshot, change, end = graphql_sse["subscription"]
    check_added([snapshot["data"], change["data"]], "graphql-sse subscription")
    assert end == "ended"


def test_graphql_sse_invalid_operation_gets_errors_as_its_result(graphql_sse: Any) -> None:
    result, end = graphql_sse["invalid"]
    assert [error["extensions"]["code"] for error in result["errors"]] == ["GRAPHQL_VALIDATION_FAILED"]
    assert end == "ended"


def test_graphql_ws_subscription_survives_failing_operations(graphql_ws: Any) -> None:
    snapshot, change, end = graphql_ws["subscription"]["results"]
    check_added([snapshot["data"], change["data"]], "graphql-ws subscription")
    assert end == "ended"
    codes = {"syntax": "GRAPHQL_PARSE_FAILED", "validation": "GRAPHQL_VALIDATION_FAILED", "variables": "BAD_USER_INPUT"}
    wrong = graphql_ws["subscription"]["wrong"]
    assert {name: wrong[name]["errors"][0]["extensions"]["code"] for name in codes} == codes


def test_graphql_ws_operations_share_one_socket(graphql_ws: Any) -> None:
    assert graphql_ws["socket"] == {"opened": 1, "closed": [1000]}
