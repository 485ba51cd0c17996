"""Clients that lose the server and come back: they go on where they were, and have missed nothing."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import pytest

from tests.clients.node import chromium, talking
from tests.live_server import free_port, serving

pytestmark = [pytest.mark.clients, pytest.mark.usefixtures("node_modules")]


@dataclass
class Watcher:
    """A script that says what it is told: what it said, and the set of sessions that one would show."""

    lines: IO[str]
    held: dict[str, str] = field(default_factory=dict)
    told: list[Any] = field(default_factory=list)
    """What came since the server was lost last."""

    def hears(self, what: str) -> Any:
        """Read on until it says something of this sort."""
        for line in self.lines:
            said = json.loads(line)
            if "told" in said:
                self._fold(said["told"])
            if what in said:
                return said[what]
        pytest.fail(f"it ended without saying {what}; before, {self.told}")

    def shows(self, *usernames: str) -> None:
        """Read on until the set is this one."""
        while sorted(self.held.values()) != sorted(usernames):
            self.hears("told")

    def lost(self) -> Any:
        """Read on until it has lost the server."""
        how = self.hears("lost")
        self.told.clear()
        return how

    def _fold(self, item: Any) -> None:
        self.told.append(item)
        if "sessions" in item:
            self.held |= {session["id"]: session["username"] for session in item["sessions"]}
        elif "change" not in item:
            pass  # an activity changes no set
        elif item["change"] == "REMOVED":
            self.held.pop(item["id"], None)
        else:
            self.held[item["id"]] = item["session"]["username"]


def changes(told: list[Any]) -> list[tuple[str, str]]:
    """What came, none of it a snapshot."""
    return sorted((item["change"], item["session"]["username"]) for item in told)


WHILE_AWAY = [("ADDED", "comes"), ("REMOVED", "goes")]


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def exits() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def test_a_dashboard_on_graphql_ws_outlives_a_server_that_is_killed(
    tmp_path: Path, port: int, exits: ExitStack
) -> None:
    with serving(tmp_path, port, killed=True) as server:
        server.start("stays")
        goes = server.start("goes")
        script = exits.enter_context(talking("dashboard.mjs", server.graphql, "stays", "goes", "comes"))
        assert script.stdin
        assert script.stdout
        dashboard = Watcher(script.stdout)
        dashboard.shows("stays", "goes")
    assert dashboard.lost() == 1006

    with serving(tmp_path, port) as server:
        server.stop(goes)
        server.start("comes")
        script.stdin.write("null\n")
        script.stdin.flush()
        dashboard.shows("stays", "comes")
        assert changes(dashboard.told) == WHILE_AWAY
    assert dashboard.lost() == 1012


def test_an_event_source_resumes_where_it_was(tmp_path: Path, port: int, exits: ExitStack) -> None:
    browser = chromium()
    with serving(tmp_path, port) as server:
        server.start("stays")
        goes = server.start("goes")
        args = (server.graphql, browser, tmp_path, "live", "stays", "goes", "comes")
        script = exits.enter_context(talking("event-source.mjs", *args))
        assert script.stdout
        page = Watcher(script.stdout)
        assert page.hears("after") is None
        cursor = page.hears("told")["cursor"]
        assert sorted(page.held.values()) == ["goes", "stays"]
    connecting = 0
    assert page.lost() == connecting

    with serving(tmp_path, port) as server:
        server.stop(goes)
        server.start("comes")
        assert page.hears("after") == cursor
        page.shows("stays", "comes")
        assert changes(page.told) == WHILE_AWAY


def test_an_event_source_that_was_told_nothing_yet_misses_nothing_either(
    tmp_path: Path, port: int, exits: ExitStack
) -> None:
    browser = chromium()
    with serving(tmp_path, port) as server:
        args = (server.graphql, browser, tmp_path, "log", "comes")
        script = exits.enter_context(talking("event-source.mjs", *args))
        assert script.stdout
        page = Watcher(script.stdout)
        assert page.hears("after") is None
        server.start("somebody else")
    page.lost()

    with serving(tmp_path, port) as server:
        server.start("comes")
        assert page.hears("after")
        assert (page.hears("told")["type"], len(page.told)) == ("STARTED", 1)
