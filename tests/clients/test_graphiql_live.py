"""GraphiQL's live example, in one tab of a real browser, while another tab is used."""

import re
from dataclasses import dataclass

import pytest

from tests.clients.node import chromium, node_json
from tests.live_server import Server

pytestmark = [pytest.mark.clients, pytest.mark.usefixtures("node_modules")]


@dataclass(frozen=True)
class Visit:
    """The results as shown, and the console of each window."""

    before: str
    wrong: dict[str, str]
    started: str
    after: str
    console: dict[str, list[str]]


@pytest.fixture(scope="module")
def visit(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Visit:
    return Visit(**node_json("graphiql-live.mjs", server.origin, chromium(), tmp_path_factory.mktemp("graphiql-live")))


def test_subscription_starts_with_a_snapshot(visit: Visit) -> None:
    assert '"totalCount"' in visit.before
    assert '"change"' not in visit.before


def test_session_started_in_another_window_arrives(visit: Visit) -> None:
    started = re.search(r"s_[\w-]{22}", visit.started)
    assert started
    assert started.group() not in visit.before
    assert started.group() in visit.after
    assert '"ADDED"' in visit.after


@pytest.mark.parametrize(
    ("wrong", "code"), [("syntax", "GRAPHQL_PARSE_FAILED"), ("validation", "GRAPHQL_VALIDATION_FAILED")]
)
def test_error_in_another_tab_stays_there(visit: Visit, wrong: str, code: str) -> None:
    assert code in visit.wrong[wrong]
    assert '"errors"' not in visit.after
    assert visit.console["live"] == []
