"""graphql-sse in its distinct connections mode."""

from typing import Any

import pytest

from tests.clients.node import node_json
from tests.live_server import Server

pytestmark = [pytest.mark.clients, pytest.mark.usefixtures("node_modules")]


@pytest.fixture(scope="module")
def graphql_sse(server: Server) -> Any:
    return node_json("graphql-sse.mjs", server.graphql)


def test_started_session_is_listed(graphql_sse: Any) -> None:
    (started, end), (listed, other_end) = graphql_sse["mutation"], graphql_sse["query"]
    assert listed["data"]["sessions"]["nodes"] == [started["data"]["startSession"]["session"]]
    assert end == other_end == "ended"


def test_subscription_receives_a_started_session(graphql_sse: Any) -> None:
    snapshot, change, end = graphql_sse["subscription"]
    assert snapshot["data"]["activeSessions"]["sessions"] == []
    assert change["data"]["activeSessions"]["change"] == "ADDED"
    assert end == "ended"


def test_invalid_operation_gets_errors_as_its_result(graphql_sse: Any) -> None:
    result, end = graphql_sse["invalid"]
    assert [error["extensions"]["code"] for error in result["errors"]] == ["GRAPHQL_VALIDATION_FAILED"]
    assert end == "ended"
