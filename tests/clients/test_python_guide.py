"""The programs of the Python guide."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.clients.guide import write_application
from tests.clients.live_sets import check_restart
from tests.live_server import Server

pytestmark = [pytest.mark.clients, pytest.mark.usefixtures("node_modules")]


def test_session_is_started_and_stopped(server: Server, tmp_path: Path) -> None:
    folder = write_application("python", tmp_path / "app", server.origin)
    done = subprocess.run([sys.executable, "sessions.py"], cwd=folder, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("STOPPED\n", "")


def test_live_set_resumes_after_a_restart(tmp_path: Path) -> None:
    check_restart("python", lambda _: [sys.executable, "live.py"], tmp_path, resumes=True)
