"""GraphiQL in a real browser, through its example tabs."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest

from tests.clients.node import chromium, node
from tests.live_server import Server, running_server

pytestmark = [pytest.mark.clients, pytest.mark.usefixtures("node_modules")]

STARTS = ("StartUser", "StartClient", "StartAgenda", "StartMedia", "StartField")


@dataclass(frozen=True)
class Visit:
    """The tabs, the response to each operation, and the console of the browser."""

    tabs: list[str]
    docs: str
    suggestion: str
    answers: dict[str, Any]
    shown: dict[str, str]
    marked: int
    console: list[str]
    foreign: list[str]

    def payload(self, operation: str) -> Any:
        answer = self.answers[operation]
        assert "errors" not in answer, answer
        (payload,) = answer["data"].values()
        return payload


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of its own: the statistics example counts every session."""
    with running_server(tmp_path_factory.mktemp("graphiql-server")) as running:
        yield running


@pytest.fixture(scope="module")
def visit(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Visit:
    return Visit(**json.loads(node("graphiql.mjs", server.origin, chromium(), tmp_path_factory.mktemp("graphiql"))))


def test_page_opens_with_the_example_tabs(visit: Visit) -> None:
    assert visit.tabs == ["Live", "Statistics", *STARTS, "KeepAlive", "TrackMedia", "UpdateAgenda", "ActiveSessions"]


@pytest.mark.parametrize("operation", STARTS)
def test_examples_start_a_session_of_each_kind(visit: Visit, operation: str) -> None:
    payload = visit.payload(operation)
    assert payload["problems"] == []
    assert payload["created"] is True
    assert payload["session"]["id"] in visit.shown[operation]


def test_started_sessions_are_listed_and_counted(visit: Visit) -> None:
    listed = visit.payload("ActiveSessions")
    started = {visit.payload(name)["session"]["id"] for name in STARTS if name != "StartAgenda"}
    assert {node["id"] for node in listed["nodes"]} == started
    assert visit.payload("Statistics")["total"] == len(STARTS)


def test_examples_keep_alive_hide_and_stop_a_session(visit: Visit) -> None:
    alive, hidden, stopped = (visit.payload(name) for name in ("KeepAlive", "Hide", "Stop"))
    assert [alive["problems"], hidden["problems"], stopped["problems"]] == [[], [], []]
    assert alive["session"]["path"] == ["/settings"]
    assert hidden["session"]["visible"] is False
    assert stopped["session"]["endReason"] == "STOPPED"


def test_example_tracks_media_events(visit: Visit) -> None:
    payload = visit.payload("TrackMedia")
    assert payload["problems"] == []
    assert payload["session"]["metrics"] == {
        "contentSeconds": 16,
        "chapterSeconds": 14,
        "pauseSeconds": 8,
        "averageBitrate": 2500,
        **dict.fromkeys(("adSeconds", "adStarts", "adCompletes", "stallCount"), 0),
        "progressMarks": [10, 25],
    }


def test_example_updates_an_agenda_item(visit: Visit) -> None:
    started, payload = visit.payload("StartAgenda")["session"], visit.payload("UpdateAgenda")
    assert payload["problems"] == []
    item = payload["session"]
    assert (item["id"], item["state"], item["revision"]) == (started["id"], "SCHEDULED", 2)
    assert (item["name"], item["scheduleTracks"]) == ("Opening keynote, in the large hall", [3])
    assert item["startTime"] == item["startedAt"] > started["startTime"]
    assert (item["endTime"], item["expiresAt"]) == (None, None)
    assert item["maxCapacity"] == started["maxCapacity"]


def test_json_variables_are_not_marked_as_errors(visit: Visit) -> None:
    assert visit.marked == 0


def test_editor_completes_names(visit: Visit) -> None:
    assert visit.suggestion.startswith("elapsedSeconds")


def test_docs_explorer_shows_descriptions(server: Server, visit: Visit) -> None:
    query = '{ __type(name: "Mutation") { fields { name description } } }'
    fields = httpx2.post(server.graphql, json={"query": query}).json()["data"]["__type"]["fields"]
    description = next(field["description"] for field in fields if field["name"] == "startSession")
    beginning = words(description)[:6]
    assert words(visit.docs.partition("startSession")[2])[: len(beginning)] == beginning


def words(text: str) -> list[str]:
    """Without markup, which the explorer renders."""
    return re.findall(r"\w+", text)


def test_page_needs_no_other_host_and_logs_nothing(visit: Visit) -> None:
    assert visit.foreign == []
    assert visit.console == []
