"""The browser guide's session.js in Chromium."""

from pathlib import Path
from typing import Any

import pytest

from tests.clients.guide import write_application
from tests.clients.node import chromium, node_json
from tests.live_server import Server

pytestmark = [pytest.mark.clients, pytest.mark.usefixtures("node_modules")]


@pytest.fixture(scope="module")
def tour(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The sessions of user `ada`, the newest last, after each step of a tab's life."""
    folder = write_application("browser", tmp_path_factory.mktemp("browser"), server.origin)
    profile: Path = tmp_path_factory.mktemp("profile")
    return node_json("session-page.mjs", server.graphql, folder, chromium(), profile)


def test_page_starts_a_session_and_keeps_it_over_a_reload(tour: Any) -> None:
    (opened,), (reloaded,) = tour["opened"], tour["reloaded"]
    assert (opened["visible"], opened["path"], opened["activities"]) == (True, ["news", "today"], ["STARTED"])
    assert reloaded["id"] == opened["id"]


def test_timer_keeps_the_session_alive_and_hidden(tour: Any) -> None:
    (kept,), (hidden,), (kept_hidden,) = tour["kept"], tour["hidden"], tour["keptHidden"]
    assert kept["revision"] > tour["reloaded"][0]["revision"]
    assert kept_hidden["revision"] > hidden["revision"]
    assert (hidden["visible"], kept_hidden["visible"], kept_hidden["activities"][-1]) == (False, False, "HIDDEN")
    assert tour["shown"][0]["activities"] == [*kept_hidden["activities"], "SHOWN"]


def test_page_reports_where_its_user_is(tour: Any) -> None:
    assert (tour["moved"][0]["path"], tour["moved"][0]["activities"][-1]) == (["cart"], "MOVED")


def test_page_is_hidden_when_left_and_shown_from_the_back_forward_cache(tour: Any) -> None:
    (left,) = tour["left"]
    assert (left["state"], left["visible"], left["activities"][-1]) == ("ACTIVE", False, "HIDDEN")
    assert tour["back"] is True


def test_ended_session_is_continued_by_a_new_one(tour: Any) -> None:
    ended, continued = tour["ended"]
    assert (ended["endReason"], continued["state"]) == ("TERMINATED", "ACTIVE")
    assert continued["previous"]["id"] == ended["id"]
    assert (continued["visible"], continued["path"]) == (True, ["cart"])


def test_log_out_stops_the_session(tour: Any) -> None:
    assert tour["stopped"][-1]["endReason"] == "STOPPED"
    assert tour["console"] == []
