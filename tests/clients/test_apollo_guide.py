"""The Apollo guide's modules in Chromium."""

from pathlib import Path

import pytest

from tests.clients.guide import write_application
from tests.clients.live_sets import check_restart, page_program, printing_program
from tests.live_server import Server

pytestmark = [pytest.mark.clients, pytest.mark.usefixtures("node_modules")]

RESUMING = """
import { ApolloLink } from "@apollo/client";
import { client } from "./client.js";
import { resuming } from "./resuming.js";

client.setLink(ApolloLink.from([resuming, client.link]));
await import("./main.js");
"""
LISTED = """
import { list, sendPhoto, start } from "./sessions.js";

const names = ["apollo 1", "apollo 2", "apollo 3"];
for (const username of names) await start({ variant: { user: { username } } });
const listed = await list({ user: { usernames: names } });
console.log(JSON.stringify(listed.map(({ username }) => username)));
const session = await sendPhoto(new File(["taken at dawn"], "dawn.txt", { type: "text/plain" }));
console.log(JSON.stringify(session.kind));
await start({ variant: { client: { clientSystem: "" } } }).catch((error) => console.log(JSON.stringify(error.name)));
"""


def test_live_set_is_right_after_a_restart(tmp_path: Path) -> None:
    check_restart("apollo", lambda folder: page_program(folder, "main.js"), tmp_path)


def test_live_set_resumes_after_a_restart(tmp_path: Path) -> None:
    files = {"resuming-main.js": RESUMING}
    check_restart("apollo", lambda folder: page_program(folder, "resuming-main.js"), tmp_path, files, resumes=True)


def test_sessions_are_started_with_files_and_listed_by_pages(server: Server, tmp_path: Path) -> None:
    folder = write_application("apollo", tmp_path / "app", server.origin)
    (folder / "listed.js").write_text(LISTED)
    with printing_program(*page_program(folder, "listed.js"), folder=folder) as wait_for:
        wait_for(["apollo 3", "apollo 2", "apollo 1"])
        wait_for("FIELD")
        wait_for("Error")
