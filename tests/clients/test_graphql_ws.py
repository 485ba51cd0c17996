"""graphql-ws: all operations over one socket."""

from typing import Any

import pytest

from tests.clients.node import node_json
from tests.live_server import Server

pytestmark = [pytest.mark.clients, pytest.mark.usefixtures("node_modules")]


@pytest.fixture(scope="module")
def graphql_ws(server: Server) -> Any:
    return node_json("graphql-ws.mjs", server.graphql)


def test_started_session_is_listed(graphql_ws: Any) -> None:
    (started, end), (listed, other_end) = graphql_ws["mutation"], graphql_ws["query"]
    assert listed["data"]["sessions"]["nodes"] == [started["data"]["startSession"]["session"]]
    assert end == other_end == "ended"


def test_subscription_survives_failing_operations(graphql_ws: Any) -> None:
    snapshot, change, end = graphql_ws["subscription"]["results"]
    assert snapshot["data"]["activeSessions"]["sessions"] == []
    assert change["data"]["activeSessions"]["change"] == "ADDED"
    assert end == "ended"


@pytest.mark.parametrize(
    ("wrong", "code"),
    [("syntax", "GRAPHQL_PARSE_FAILED"), ("validation", "GRAPHQL_VALIDATION_FAILED"), ("variables", "BAD_USER_INPUT")],
)
def test_invalid_operation_gets_its_own_error(graphql_ws: Any, wrong: str, code: str) -> None:
    (error,) = graphql_ws["subscription"]["wrong"][wrong]["errors"]
    assert error["extensions"]["code"] == code


def test_all_operations_share_one_socket(graphql_ws: Any) -> None:
    assert graphql_ws["socket"] == {"opened": 1, "closed": [1000]}
