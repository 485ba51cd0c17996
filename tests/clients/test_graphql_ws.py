"""graphql-ws: everything over one socket."""

from typing import Any

import pytest

from tests.clients.node import node_json
from tests.live_server import Server

pytestmark = [pytest.mark.clients, pytest.mark.usefixtures("node_modules")]


@pytest.fixture(scope="module")
def graphql_ws(server: Server) -> Any:
    return node_json("graphql-ws.mjs", server.graphql)


def test_it_starts_a_session_and_finds_it(graphql_ws: Any) -> None:
    (started, end), (listed, other_end) = graphql_ws["mutation"], graphql_ws["query"]
    assert listed["data"]["sessions"]["nodes"] == [started["data"]["startSession"]["session"]]
    assert end == other_end == "ended"


def test_it_is_told_of_a_session_that_starts_whatever_fails_meanwhile(graphql_ws: Any) -> None:
    snapshot, change, end = graphql_ws["subscription"]["told"]
    assert snapshot["data"]["activeSessions"]["sessions"] == []
    assert change["data"]["activeSessions"]["change"] == "ADDED"
    assert end == "ended"


@pytest.mark.parametrize(
    ("wrong", "code"),
    [("syntax", "GRAPHQL_PARSE_FAILED"), ("validation", "GRAPHQL_VALIDATION_FAILED"), ("variables", "BAD_USER_INPUT")],
)
def test_what_is_wrong_with_one_operation_is_told_to_that_one(graphql_ws: Any, wrong: str, code: str) -> None:
    (error,) = graphql_ws["subscription"]["wrong"][wrong]["errors"]
    assert error["extensions"]["code"] == code


def test_all_of_it_went_over_one_socket_that_stood_until_the_client_closed_it(graphql_ws: Any) -> None:
    assert graphql_ws["socket"] == {"opened": 1, "closed": [1000]}
