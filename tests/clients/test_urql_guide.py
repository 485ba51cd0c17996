"""The urql guide's modules in Chromium."""

from pathlib import Path

import pytest

from tests.clients.guide import write_application
from tests.clients.live_sets import Command, check_restart, page_program, printing_program
from tests.clients.node import command, run
from tests.live_server import Server

pytestmark = [pytest.mark.clients, pytest.mark.usefixtures("node_modules")]

WITHOUT_CURSOR = """
import { follow } from "./live.js";

const show = (sessions) => console.log(JSON.stringify(sessions.map(({ subject }) => subject).sort()));
follow({ kinds: ["USER"] }, show, console.error, { resume: false });
"""
LISTED = """
import { list, sendPhoto, start } from "./sessions.js";

const names = ["urql 1", "urql 2", "urql 3"];
for (const username of names) await start({ variant: { user: { username } } });
const listed = await list({ user: { usernames: names } });
console.log(JSON.stringify(listed.map(({ username }) => username)));
const session = await sendPhoto(new File(["taken at dawn"], "dawn.txt", { type: "text/plain" }));
console.log(JSON.stringify(session.kind));
await start({ variant: { client: { clientSystem: "" } } }).catch((error) => console.log(JSON.stringify(error.name)));
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
    folder = write_application("urql", tmp_path / "app", server.origin)
    (folder / "listed.js").write_text(LISTED)
    with printing_program(*urql_program(folder, "listed.js"), folder=folder) as wait_for:
        wait_for(["urql 3", "urql 2", "urql 1"])
        wait_for("FIELD")
        wait_for("Error")
