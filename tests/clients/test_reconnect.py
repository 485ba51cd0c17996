"""Clients that reconnect after a restart and resume without a gap."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import pytest

from tests.clients.node import chromium, interactive_script
from tests.live_server import free_port, running_server

pytestmark = [pytest.mark.clients, pytest.mark.usefixtures("node_modules")]


@dataclass
class ScriptedSubscriber:
    """A client script, its messages, and the live set folded from them."""

    lines: IO[str]
    usernames: dict[str, str] = field(default_factory=dict)
    received: list[Any] = field(default_factory=list)
    """Items since the last disconnect."""

    def wait_for(self, key: str) -> Any:
        """Read messages until one has this key."""
        for line in self.lines:
            message = json.loads(line)
            if "item" in message:
                self._apply(message["item"])
            if key in message:
                return message[key]
        pytest.fail(f"it ended without {key}; before, {self.received}")

    def first_item(self) -> Any:
        """Return the first item since the last disconnect. It may be here before the headers of its request."""
        return self.received[0] if self.received else self.wait_for("item")

    def wait_for_users(self, *usernames: str) -> None:
        while sorted(self.usernames.values()) != sorted(usernames):
            self.wait_for("item")

    def wait_disconnected(self) -> Any:
        how = self.wait_for("closed")
        self.received.clear()
        return how

    def _apply(self, item: Any) -> None:
        self.received.append(item)
        if "sessions" in item:
            if item["first"]:
                self.usernames.clear()
            self.usernames |= {session["id"]: session["username"] for session in item["sessions"]}
        elif "change" not in item:
            pass  # an activity changes no set
        elif item["change"] == "REMOVED":
            self.usernames.pop(item["id"], None)
        else:
            self.usernames[item["id"]] = item["session"]["username"]


def changes(received: list[Any]) -> list[tuple[str, str]]:
    return sorted((item["change"], item["session"]["username"]) for item in received)


CHANGES_WHILE_DISCONNECTED = [("ADDED", "comes"), ("REMOVED", "goes")]


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def exits() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def test_graphql_ws_resumes_after_a_killed_server(tmp_path: Path, port: int, exits: ExitStack) -> None:
    with running_server(tmp_path, port, kill=True) as server:
        server.start("stays")
        goes = server.start("goes")
        script = exits.enter_context(interactive_script("dashboard.mjs", server.graphql, "stays", "goes", "comes"))
        assert script.stdin
        assert script.stdout
        dashboard = ScriptedSubscriber(script.stdout)
        dashboard.wait_for_users("stays", "goes")
    assert dashboard.wait_disconnected() == 1006

    with running_server(tmp_path, port) as server:
        server.stop(goes)
        server.start("comes")
        script.stdin.write("null\n")
        script.stdin.flush()
        dashboard.wait_for_users("stays", "comes")
        assert changes(dashboard.received) == CHANGES_WHILE_DISCONNECTED
    assert dashboard.wait_disconnected() == 1012


def test_event_source_resumes_from_its_cursor(tmp_path: Path, port: int, exits: ExitStack) -> None:
    browser = chromium()
    with running_server(tmp_path, port) as server:
        server.start("stays")
        goes = server.start("goes")
        args = (server.graphql, browser, tmp_path, "live", "stays", "goes", "comes")
        script = exits.enter_context(interactive_script("event-source.mjs", *args))
        assert script.stdout
        page = ScriptedSubscriber(script.stdout)
        assert page.wait_for("after") is None
        cursor = page.first_item()["cursor"]
        assert sorted(page.usernames.values()) == ["goes", "stays"]
    connecting = 0
    assert page.wait_disconnected() == connecting

    with running_server(tmp_path, port) as server:
        server.stop(goes)
        server.start("comes")
        assert page.wait_for("after") == cursor
        page.wait_for_users("stays", "comes")
        assert changes(page.received) == CHANGES_WHILE_DISCONNECTED


def test_event_source_without_an_event_resumes_too(tmp_path: Path, port: int, exits: ExitStack) -> None:
    browser = chromium()
    with running_server(tmp_path, port) as server:
        args = (server.graphql, browser, tmp_path, "log", "comes")
        script = exits.enter_context(interactive_script("event-source.mjs", *args))
        assert script.stdout
        page = ScriptedSubscriber(script.stdout)
        assert page.wait_for("after") is None
        server.start("somebody else")
    page.wait_disconnected()

    with running_server(tmp_path, port) as server:
        server.start("comes")
        assert page.wait_for("after")
        assert (page.first_item()["type"], len(page.received)) == ("STARTED", 1)
