"""The programs of the Python guide."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.clients.guide import write_application
from tests.live_server import Server, free_port, running_server

pytestmark = [pytest.mark.clients, pytest.mark.usefixtures("node_modules")]

SECONDS = 60


@contextmanager
def live_program(folder: Path) -> Iterator[Callable[[list[str]], None]]:
    """Run live.py. Yields a function that reads its lines until one is the expected list."""
    command = ["timeout", str(SECONDS), sys.executable, "live.py"]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        lines = process.stdout

        def wait_for(usernames: list[str]) -> None:
            assert f"{usernames}\n" in iter(lines.readline, ""), f"live.py ended without {usernames}"

        try:
            yield wait_for
        finally:
            process.terminate()


def test_session_is_started_and_stopped(server: Server, tmp_path: Path) -> None:
    folder = write_application("python", tmp_path / "app", server.origin)
    done = subprocess.run([sys.executable, "sessions.py"], cwd=folder, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("STOPPED\n", "")


def test_live_set_is_right_after_a_restart(tmp_path: Path) -> None:
    port = free_port()
    folder = write_application("python", tmp_path / "app", f"http://127.0.0.1:{port}")
    with ExitStack() as exits:
        with running_server(tmp_path, port) as server:
            goes = server.start("goes")
            server.start("stays")
            wait_for = exits.enter_context(live_program(folder))
            wait_for(["goes", "stays"])
        with running_server(tmp_path, port) as server:
            server.stop(goes)
            server.start("comes")
            wait_for(["comes", "stays"])
