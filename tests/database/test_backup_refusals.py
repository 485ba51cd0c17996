"""Backups that are refused, or fail: they leave nothing behind, and say why in one line."""

import fcntl
import re
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from models import backup as backups
from models.backup import back_up
from models.blobstore import open_blob_store
from models.database import backup as snapshots
from models.errors import BackupFailed
from tests.api_client import open_api
from tests.database.backup_helpers import assert_complete, blobs, failure, names, noop_progress, run_backup
from tests.database.populated import break_page, copy_database, root_pages
from tests.project.test_command_line import invoke


@pytest.fixture
def file(source: Path, tmp_path: Path) -> Path:
    return copy_database(source, tmp_path / "test.db")


def test_existing_backup_is_replaced_only_by_force(file: Path, tmp_path: Path) -> None:
    target = tmp_path / "backup.db"
    target.write_text("precious")
    assert failure(file, target) == f"{target} exists: choose another file, or add --force\n"
    assert target.read_text() == "precious"
    assert run_backup(file, target, "--force")[0] == 0
    assert_complete(target, file)


def test_backup_goes_to_no_folder_and_not_into_the_database(file: Path, tmp_path: Path) -> None:
    before = file.read_bytes()
    assert failure(file, file, "--force") == f"{file} is the database itself: choose another file\n"
    assert failure(file, tmp_path, "--force") == f"{tmp_path} exists: choose another file\n"
    assert "does not exist: create it" in failure(file, tmp_path / "nowhere" / "backup.db")
    (tmp_path / "backup.db.files").mkdir()
    assert "backup.db.files exists, without backup.db" in failure(file, tmp_path / "backup.db")
    assert file.read_bytes() == before


def test_backup_does_not_go_where_the_server_keeps_its_files(file: Path, tmp_path: Path) -> None:
    before = blobs(file)
    arguments = ("backup", "--database", str(file), "--to", str(tmp_path / "b.db"), "--force")
    Path(f"{file}.files").rename(tmp_path / "b.db.files")
    code, output = invoke(*arguments, STORE_URL=str(tmp_path / "b.db.files"))
    assert (code, "is where the server keeps its files" in output) == (2, True)
    assert blobs(tmp_path / "b.db") == before


def test_missing_and_foreign_databases_have_no_backup(tmp_path: Path) -> None:
    text = tmp_path / "text.db"
    text.write_text("no database" * 1000)
    assert failure(tmp_path / "none.db", tmp_path / "b.db") == f"{tmp_path}/none.db does not exist, or is not a file\n"
    assert "is not a SQLite database" in failure(text, tmp_path / "b.db")
    assert names(tmp_path) == {"text.db"}


def test_damaged_database_has_no_backup(file: Path, tmp_path: Path) -> None:
    break_page(file, root_pages(file)["ix_session_past_media"])
    assert f"{file} is damaged, so there is no backup of it: `python main.py check`" in failure(file, tmp_path / "b.db")
    assert [name for name in names(tmp_path) if name.startswith("b.db")] == []


def test_backup_without_a_file_of_the_database_fails(file: Path, tmp_path: Path) -> None:
    key = min(blobs(file))
    Path(f"{file}.files", key).unlink()
    assert f"the file {key} is missing from " in failure(file, tmp_path / "b.db")
    assert [name for name in names(tmp_path) if name.startswith("b.db")] == []


def test_backup_begins_only_with_enough_space(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage: Callable[[Any], Any] = shutil.disk_usage
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(path)._replace(free=backups.SPARE_BYTES))
    assert re.search(r"b\.db needs \d+ MiB, and 16 MiB are free", failure(file, tmp_path / "b.db"))
    assert [name for name in names(tmp_path) if name.startswith("b.db")] == []


async def test_backup_ends_when_the_log_grows_too_much(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshots, "MAX_LOG_GROWTH", -1)
    async with open_api(tmp_path / "test.db") as api:
        await api.start_user()
        with pytest.raises(BackupFailed, match="grew by more than"):
            await back_up(tmp_path / "test.db", open_blob_store(str(tmp_path)), tmp_path / "b.db", noop_progress)
        await api.start_user()
    assert [name for name in names(tmp_path) if name.startswith("b.db")] == []


def test_two_backups_to_one_file_do_not_run_together(file: Path, tmp_path: Path) -> None:
    target = tmp_path / "backup.db"
    with backups._lock(tmp_path / "backup.db.partial", target):
        assert failure(file, target) == f"another backup to {target} is running\n"
    assert run_backup(file, target)[0] == 0


def test_backup_that_ends_while_another_begins_stays_whole(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "backup.db"

    def end_other_backup(*_: object) -> None:
        shutil.copy(file, tmp_path / "backup.db.partial")
        (tmp_path / "backup.db.partial").replace(target)

    monkeypatch.setattr(fcntl, "flock", end_other_backup)
    assert failure(file, target) == f"another backup to {target} has just ended\n"
    assert target.read_bytes() == file.read_bytes()


def test_journal_of_a_killed_backup_is_not_applied(file: Path, tmp_path: Path) -> None:
    target = tmp_path / "backup.db"
    with closing(sqlite3.connect(tmp_path / "backup.db.partial", isolation_level=None)) as killed:
        killed.execute("CREATE TABLE t (x)")
        killed.execute("INSERT INTO t VALUES (randomblob(100000))")
        killed.execute("BEGIN")
        killed.execute("PRAGMA cache_size = 1")
        killed.execute("UPDATE t SET x = randomblob(100000)")
        journal = (tmp_path / "backup.db.partial-journal").read_bytes()
        killed.execute("ROLLBACK")
    (tmp_path / "backup.db.partial-journal").write_bytes(journal)
    assert len(journal) > 1000
    assert run_backup(file, target)[0] == 0
    assert_complete(target, file)
