"""The lock of a database file: which process holds it, and paths at which there can be no database."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest
from structlog.testing import capture_logs

from models.database.lock import file_lock
from models.errors import DatabaseInUse, DatabaseUnusable
from tests.project.source_tree import ROOT

HOLD: Final = """
import sys, pathlib
from models.database.lock import file_lock
with file_lock(pathlib.Path(sys.argv[1])):
    print("locked", flush=True)
    sys.stdin.read()
"""
UNPRIVILEGED: Final = 65534


@contextmanager
def held_by_process(database: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Hold the lock in another process."""
    command = [sys.executable, "-c", HOLD, str(database)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"locked\n"
        yield process
        process.kill()


def refusal(database: Path) -> str:
    with pytest.raises((DatabaseInUse, DatabaseUnusable)) as caught, file_lock(database, timeout=0):
        pass
    return str(caught.value)


def test_process_that_holds_the_lock_is_named(tmp_path: Path) -> None:
    database = tmp_path / "test.db"
    with held_by_process(database) as process:
        assert refusal(database) == (
            f"process {process.pid} uses the database {database}; stop it, or give this server a file of its own"
        )


def test_wait_is_logged_once_before_the_lock_is_refused(tmp_path: Path) -> None:
    database = tmp_path / "test.db"
    with held_by_process(database) as process, capture_logs() as logs, pytest.raises(DatabaseInUse):  # noqa: SIM117
        with file_lock(database, timeout=0.2):
            pass
    (line,) = logs
    assert line == {
        "event": "waiting for the database",
        "log_level": "warning",
        "file": str(database),
        "used_by": f"process {process.pid}",
        "seconds": 0.2,
    }


def test_lock_is_free_after_its_process_was_killed(tmp_path: Path) -> None:
    database = tmp_path / "test.db"
    with held_by_process(database) as process:
        process.send_signal(signal.SIGKILL)
        process.wait()
        with file_lock(database, timeout=0):
            assert (tmp_path / "test.db.lock").read_text() == f"{os.getpid()}\n"
    assert (tmp_path / "test.db.lock").read_text() == ""


@pytest.mark.parametrize(
    "content", ["", "garbage", "-1", "0", "99999999999999999999999", "4194305", "\0" * 40, "12 13"]
)
def test_stale_content_of_the_lock_file_names_no_process(tmp_path: Path, content: str) -> None:
    database = tmp_path / "test.db"
    with held_by_process(database):
        (tmp_path / "test.db.lock").write_text(content)
        assert refusal(database).startswith("another process uses the database")


def test_file_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert refusal(tmp_path / "file" / "test.db").startswith(f"the folder {tmp_path}/file does not exist")


def test_loop_of_links_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.db").symlink_to(tmp_path / "b.db")
    (tmp_path / "b.db").symlink_to(tmp_path / "a.db")
    assert "a.db cannot be used as the database: " in refusal(tmp_path / "a.db")


def test_too_long_name_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path / ("x" * 300)).endswith("cannot be used as the database: File name too long")


@contextmanager
def without_privileges() -> Iterator[None]:
    """Act as an unprivileged user, if this process is root: root may write everywhere."""
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(UNPRIVILEGED)
    try:
        yield
    finally:
        if is_root:
            os.seteuid(0)


def test_folder_that_is_not_writable_is_refused() -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o555)
        with without_privileges():
            database = Path(folder, "test.db")
            assert refusal(database).startswith(f"{database} cannot be used as the database: this user may not write ")
        Path(folder).chmod(0o755)
