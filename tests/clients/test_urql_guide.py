"""The urql guide's modules in Chromium."""

from pathlib import Path

import pytest

from tests.clients.live_sets import Command, check_restart, check_sessions, page_program
from tests.clients.node import command, run
from tests.live_server import Server

pytestmark = [pytest.mark.clients, pytest.mark.usefixtures("node_modules")]

WITHOUT_CURSOR = """
import { follow } from "./live.js";

const show = (sessions) => console.log(JSON.stringify(sessions.map(({ subject }) => subject).sort()));
follow({ kinds: ["USER"] }, show, console.error, { resume: false });
"""


def urql_program(folder: Path, main: str) -> Command:
    run(command("node"), "schema.mjs", cwd=folder)
    return page_program(folder, main)


def test_live_set_is_right_after_a_restart(tmp_path: Path) -> None:
    files = {"without-cursor.js": WITHOUT_CURSOR}
    check_restart("urql", lambda folder: urql_program(folder, "without-cursor.js"), tmp_path, files)


def test_live_set_resumes_after_a_restart(tmp_path: Path) -> None:
    check_restart("urql", lambda folder: urql_program(folder, "main.js"), tmp_path, resumes=True)


def test_sessions_are_started_with_files_and_listed_by_pages(server: Server, tmp_path: Path) -> None:
    check_sessions("urql", urql_program, tmp_path, server)
