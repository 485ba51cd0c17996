"""Programs of the client guides, which print JSON: the users of a live set after each change, and what they listed."""

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

from tests.clients.guide import write_application
from tests.clients.node import HERE, chromium, command
from tests.live_server import Server, free_port, running_server

Command = Sequence[str | Path]

SECONDS: Final = "120"
"""After these a program is ended, and its test fails."""

LIST: Final = "{ sessions(filter: {active: true, kinds: [USER]}) { nodes { subject } } }"


@contextmanager
def printing_program(*arguments: str | Path, folder: Path) -> Iterator[Callable[[Any], None]]:
    """Run a program. Yields a function that reads its lines of JSON until one is the expected value."""
    limited = ["timeout", SECONDS, *map(str, arguments)]
    with subprocess.Popen(limited, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdin
        output = process.stdout
        printed: list[str] = []

        def wait_for(expected: Any) -> None:
            for line in iter(output.readline, ""):
                printed.append(line)
                if json.loads(line) == expected:
                    return
            raise AssertionError(f"it ended without {expected}, after {printed}")

        try:
            yield wait_for
        finally:
            process.stdin.close()
            process.terminate()


def active_users(server: Server) -> list[str]:
    return sorted(session["subject"] for session in server.execute(LIST)["nodes"])


def page_program(folder: Path, main: str) -> Command:
    """Return the command that runs a module of an application in Chromium."""
    return [command("node"), HERE / "page-program.mjs", folder, main, chromium(), folder.parent / "profile"]


def _ignore_first_parts(application: Path) -> None:
    """Make the program keep what it holds at the first part of a snapshot."""
    changed = 0
    for file in (*application.glob("*js"), *application.glob("*.py")):
        text = file.read_text(encoding="utf-8")
        ignoring = text.replace("item.first || ", "").replace('item["first"]', "False")
        changed += ignoring != text
        file.write_text(ignoring, encoding="utf-8")
    assert changed


def check_restart(
    page: str,
    command_of: Callable[[Path], Command],
    folder: Path,
    more_files: Mapping[str, str] | None = None,
    *,
    resumes: bool = False,
) -> None:
    """Check that a program holds what the server lists after a restart, while a session ended and one started.

    Args:
        page: name of the guide.
        command_of: returns the command, from the folder of the guide's files.
        folder: for these files and the server's.
        more_files: of the program, by name.
        resumes: whether it resumes after its last cursor. Then it must be right without looking at `first`.
    """
    port = free_port()
    application = write_application(page, folder / "app", f"http://127.0.0.1:{port}")
    for name, text in (more_files or {}).items():
        (application / name).write_text(text, encoding="utf-8")
    if resumes:
        _ignore_first_parts(application)
    with ExitStack() as programs:
        with running_server(folder, port) as server:
            ghost = server.start("ghost")
            server.start("stays")
            wait_for = programs.enter_context(printing_program(*command_of(application), folder=application))
            wait_for(["ghost", "stays"])
        # Nothing of this reaches the program: it is not connected.
        with running_server(folder, port) as server:
            server.stop(ghost)
            server.start("comes")
            wait_for(["comes", "stays"])
            assert active_users(server) == ["comes", "stays"]


def check_sessions(page: str, program: Callable[[Path, str], Command], folder: Path, server: Server) -> None:
    """Check that a guide's sessions.js starts sessions, lists them by pages, sends a file and reports a problem.

    Args:
        page: name of the guide.
        program: returns the command that runs a module, from the folder of the guide's files.
        folder: for these files.
        server: where the sessions are started.
    """
    application = write_application(page, folder / "app", server.origin)
    shutil.copy(HERE / "listed.js", application)
    with printing_program(*program(application, "listed.js"), folder=application) as wait_for:
        wait_for([3, 2, 1])
        wait_for("FIELD")
        wait_for("Error")
