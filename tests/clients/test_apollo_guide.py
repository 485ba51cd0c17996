"""The Apollo guide's modules in Chromium."""

from pathlib import Path

import pytest

from tests.clients.live_sets import check_restart, check_sessions, page_program
from tests.live_server import Server

pytestmark = [pytest.mark.clients, pytest.mark.usefixtures("node_modules")]

RESUMING = """
import { ApolloLink } from "@apollo/client";
import { client } from "./client.js";
import { resuming } from "./resuming.js";

client.setLink(ApolloLink.from([resuming, client.link]));
await import("./main.js");
"""


def test_live_set_is_right_after_a_restart(tmp_path: Path) -> None:
    check_restart("apollo", lambda folder: page_program(folder, "main.js"), tmp_path)


def test_live_set_resumes_after_a_restart(tmp_path: Path) -> None:
    files = {"resuming-main.js": RESUMING}
    check_restart("apollo", lambda folder: page_program(folder, "resuming-main.js"), tmp_path, files, resumes=True)


def test_sessions_are_started_with_files_and_listed_by_pages(server: Server, tmp_path: Path) -> None:
    check_sessions("apollo", page_program, tmp_path, server)
