"""Backups: a prefix of what was acknowledged, complete or absent, and a server can be started from them."""

import asyncio
import os
import shutil
import signal
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from models.backup import back_up
from models.blobstore import open_blob_store
from models.database import backup as snapshots
from tests.api_client import open_api
from tests.blobs.crash_server import CrashAfterSteps
from tests.blobs.form_client import FORM_FIELDS, FilePart, FormClient, sha256
from tests.database.backup_helpers import (
    assert_complete,
    blobs,
    dump,
    make_backup,
    names,
    noop_progress,
    run_backup,
)
from tests.database.populated import break_page, copy_database
from tests.docs.page_runner import files
from tests.durability.invariants import assert_invariants, open_read_only
from tests.durability.recording_writer import Ledger, RecordingWriter
from tests.live_server import run_until_disconnected, server_process
from tests.project.test_command_line import invoke

WRITERS: Final = 8


@pytest.fixture
def file(source: Path, tmp_path: Path) -> Path:
    return copy_database(source, tmp_path / "test.db")


# ---- what is in it ----


def test_backup_has_all_rows_and_files_and_is_private(file: Path, tmp_path: Path) -> None:
    target = tmp_path / "backup.db"
    before = file.read_bytes()
    code, output = run_backup(file, target)
    assert (code, output) == (0, f"{target}: {target.stat().st_size / 1e6:,.1f} MB, 2 files\n")
    assert_complete(target, file)
    assert blobs(target) == blobs(file)
    assert target.stat().st_mode & 0o077 == 0
    assert [name for name in names(tmp_path) if "partial" in name or "backup.db-" in name] == []
    assert file.read_bytes() == before


def test_log_of_a_server_that_was_killed_is_part_of_the_backup(tmp_path: Path) -> None:
    async def crash() -> None:
        async with open_api(tmp_path / "live.db") as api:
            for number in range(3):
                await api.start_user(f"user {number}")
            for suffix in ("", "-wal"):
                shutil.copy(f"{tmp_path}/live.db{suffix}", f"{tmp_path}/test.db{suffix}")

    asyncio.run(crash())
    assert run_backup(tmp_path / "test.db", tmp_path / "backup.db")[0] == 0
    with open_read_only(tmp_path / "backup.db") as db:
        assert db.execute("SELECT count(*) FROM session").fetchone() == (3,)


async def test_server_started_from_a_backup_has_the_attachments(file: Path, tmp_path: Path) -> None:
    await back_up(file, open_blob_store(f"{file}.files"), tmp_path / "backup.db", noop_progress)
    restored = tmp_path / "restored.db"
    (tmp_path / "backup.db").rename(restored)
    (tmp_path / "backup.db.files").rename(f"{restored}.files")
    ids = set()
    for database in (file, restored):
        async with open_api(database) as api:
            ids.add(api.app.state.services.database.database_id)
            device = FormClient(api, tmp_path)
            shown = await api.execute(f"{{ sessions(filter: {{field: {{}}}}) {{ nodes {{ {FORM_FIELDS} }} }} }}")
            attached = [point["file"] for form in shown["nodes"] for point in form["data"] if point["file"]]
            assert len(attached) == 3
            for each in attached:
                assert sha256((await device.fetch(each["url"])).content) == each["sha256"]
    assert len(ids) == 2, "positions of the log are assigned anew: cursors of before must not be accepted"


def test_restore_as_documented_brings_back_rows_and_files(file: Path, tmp_path: Path) -> None:
    folder = tmp_path / "server"
    folder.mkdir()
    database = copy_database(file, folder / "sessions.db")
    assert run_backup(database, folder / "backup.db")[0] == 0
    add_session(database)
    break_page(database, 3)
    script, check = files("docs/operations.md")["restore.sh"].split(".venv/bin/python main.py ")
    subprocess.run(["bash", "-ec", script], cwd=folder, check=True)
    assert invoke(*check.split()[:-1], str(database)) == (0, f"{database}: no findings\n")
    assert_complete(database, folder / "backup.db")
    assert blobs(database) == blobs(folder / "backup.db")
    assert invoke("migrate", "--database", str(database))[0] == 0


def test_files_in_an_object_store_are_named_and_not_copied(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    code, output = invoke(
        "backup", "--database", str(file), "--to", str(tmp_path / "backup.db"), STORE_URL="s3://bucket/prefix"
    )
    assert code == 0
    assert "are not part of the backup" in output
    assert not (tmp_path / "backup.db.files").exists()


def during_snapshot(
    monkeypatch: pytest.MonkeyPatch, *, before: Callable[[], object] = tuple, after: Callable[[], object] = tuple
) -> None:
    """Do something between the copies of files and of the database."""

    def copy(*arguments: Any) -> None:
        before()
        snapshots.copy_snapshot(*arguments)
        after()

    monkeypatch.setattr("models.backup.copy_snapshot", copy)


def test_file_that_is_stored_during_the_backup_is_part_of_it(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ThreadPoolExecutor() as pool:  # the backup has an event loop of its own
        during_snapshot(monkeypatch, before=lambda: pool.submit(add_session, file).result())
        make_backup(file, tmp_path / "backup.db")
    assert len(blobs(tmp_path / "backup.db")) == 3
    assert_complete(tmp_path / "backup.db", file)


def test_file_that_is_deleted_during_the_backup_is_part_of_it(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = blobs(file)
    during_snapshot(monkeypatch, after=lambda: shutil.rmtree(f"{file}.files"))
    make_backup(file, tmp_path / "backup.db")
    assert blobs(tmp_path / "backup.db") == before


# ---- under load ----


@asynccontextmanager
async def writing(port: int, ledger: Ledger) -> AsyncIterator[None]:
    """Let clients write until the server stops, and be done then."""
    writers = [RecordingWriter(ledger, number) for number in range(WRITERS)]
    tasks = [asyncio.create_task(run_until_disconnected(port, writer.write)) for writer in writers]
    yield
    await asyncio.gather(*tasks)


@pytest.mark.parametrize(
    ("count", "enough", "after"), [(1, 150, 50), pytest.param(10, 5_000, 1_000, marks=pytest.mark.long)]
)
async def test_backup_under_load_is_a_prefix_of_what_was_acknowledged(
    tmp_path: Path, count: int, enough: int, after: int
) -> None:
    file, target, ledger = tmp_path / "test.db", tmp_path / "backup.db", Ledger()
    async with server_process(file) as process, writing(process.port, ledger):
        for _ in range(count):
            await ledger.wait_for(ledger.calls + enough).wait()
            before = dict(ledger.acknowledged)
            await asyncio.to_thread(make_backup, file, target)
            at_most = {id_: revision + ledger.pending[id_] for id_, revision in ledger.acknowledged.items()}
            await ledger.wait_for(ledger.calls + after).wait()
            assert_invariants(target)
            revisions = read_revisions(target)
            assert all(revision <= revisions[id_] for id_, revision in before.items())
            assert all(revision <= at_most[id_] for id_, revision in revisions.items() if id_ in at_most)
        await process.kill()
    assert_prefix_of_log(target, file)
    async with open_api(target) as restored:
        assert (await restored.execute("{ sessionStats { total } }"))["total"] == len(revisions)


def read_revisions(file: Path) -> dict[str, int]:
    with open_read_only(file) as db:
        return dict(db.execute("SELECT id, revision FROM session"))


def assert_prefix_of_log(backup: Path, file: Path) -> None:
    """The log in the backup is that of the database up to a position, without a gap."""
    with open_read_only(backup) as db:
        expected = db.execute("SELECT position, id, session_id, type, data FROM activity ORDER BY position").fetchall()
    (last, *_), count = expected[-1], len(expected)
    assert last == count
    with open_read_only(file) as db:
        statement = "SELECT position, id, session_id, type, data FROM activity WHERE position <= ? ORDER BY position"
        assert db.execute(statement, (last,)).fetchall() == expected


# ---- complete or absent ----


@contextmanager
def steps_counted(crash: CrashAfterSteps) -> Iterator[None]:
    """Count what reaches the disk: fsync, rename and unlink."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", crash.instrument(os.fsync))
        for name in ("replace", "unlink"):
            patch.setattr(Path, name, crash.instrument(getattr(Path, name)))
        yield


def run_killed_backup(file: Path, target: Path, steps: int) -> bool:
    """Make a backup in a process that kills itself after some steps. Returns whether it did."""
    child = os.fork()
    if child == 0:
        with steps_counted(CrashAfterSteps(steps)):
            make_backup(file, target)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert status in (0, signal.SIGKILL)
    return status == signal.SIGKILL


def add_session(file: Path) -> None:
    """Change the database: another form with a file."""

    async def run() -> None:
        async with open_api(file) as api:
            await FormClient(api, file).started({"x": FilePart(os.urandom(100))})

    asyncio.run(run())


@pytest.mark.parametrize("replaces", [False, True])
def test_killed_backup_leaves_the_old_one_or_the_new_one(file: Path, tmp_path: Path, replaces: bool) -> None:
    target, old = tmp_path / "backup.db", tmp_path / "old.db"
    killed, published = 0, False
    if replaces:
        copy_database(file, old)
        add_session(file)
    while True:
        for path in tmp_path.glob("backup.db*"):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        if replaces:
            make_backup(old, target)
        if not run_killed_backup(file, target, killed):
            break
        killed += 1
        published = published or (target.exists() and dump(target) == dump(file))
        if target.exists():
            assert_complete(target, file if published else old)
        assert replaces or published or not target.exists()
        make_backup(file, target)
        assert_complete(target, file)
        assert blobs(target) == blobs(file)
    assert published
    assert killed > 8


def test_copy_is_on_disk_before_it_gets_its_name(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[str] = []
    fsync, replace = os.fsync, Path.replace

    def record_fsync(descriptor: int) -> None:
        steps.append(f"fsync {Path(f'/proc/self/fd/{descriptor}').readlink().name}")
        fsync(descriptor)

    def record_replace(path: Path, target: Path) -> Path:
        steps.append(f"rename {path.name}")
        return replace(path, target)

    monkeypatch.setattr(os, "fsync", record_fsync)
    monkeypatch.setattr(Path, "replace", record_replace)
    assert run_backup(file, tmp_path / "backup.db")[0] == 0
    end = steps[steps.index("fsync backup.db.partial") :]
    assert end == [
        "fsync backup.db.partial",
        "rename backup.db.partial",
        f"fsync {tmp_path.name}",
    ]
