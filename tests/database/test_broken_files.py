"""Database files that are broken when a server or a migration starts: one line says which, why, and what to do."""

import asyncio
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Final

import pytest
from structlog.testing import capture_logs

from models.database import engine as engines
from models.database.file_check import check_before_open
from models.database.lock import file_lock
from models.errors import DatabaseUnusable
from models.tables import METADATA
from tests.api_client import FakeClock, open_api
from tests.database.populated import PAGE_BYTES, break_page, copy_database, overwrite
from tests.database.populated import root_pages as find_root_pages
from tests.database.test_lock import HOLD, without_privileges
from tests.durability.test_foreign_lock import locked_by_another_process
from tests.project.source_tree import ROOT
from tests.project.test_command_line import invoke, run_process

BACKUP: Final = "restore a backup"
NOT_STARTED: Final = "not started"
NODES: Final = (
    "id metadata pathTimes { path } activities { nodes { type data } } ... on AgendaSession { name }"
    " ... on MediaSession { metrics { pauseCount } } ... on FieldSession { data { name value file { url } } }"
)
QUERIES: Final = (
    f"{{ sessions(first: 50) {{ totalCount nodes {{ {NODES} }} }} }}",
    "{ sessions(filter: {states: [ENDED]}, orderBy: [{field: ENDED_AT}]) { totalCount nodes { id } } }",
    "{ sessionStats { total byKind { total } byEndReason { total } byPath(depth: 2) { path } } }",
    "{ projects { nodes { id } } activities(last: 50) { nodes { type } } }",
    """mutation { startSession(input: {idempotencyKey: "k", path: ["a"], variant: {
        user: {username: "x", clientId: "0123456789abcdef"}}}) { session { id } } }""",
    'mutation { startSession(input: {variant: {field: {unitId: "u", uuid: "f", data: []}}}) { session { id } } }',
    'mutation { terminateSessions(input: {filter: {}, reason: "x"}) { count } }',
    """mutation { startSession(input: {variant: {agenda: {guide: 1, name: "x", startTime: "2999-01-01T00:00:00Z",
        scheduleTracks: [1]}}}) { session { id } } }""",
)
"""Operations that touch every table and, by plan or by writing, every index."""


@pytest.fixture
def file(source: Path, tmp_path: Path) -> Path:
    return copy_database(source, tmp_path / "test.db")


def refusal(file: Path) -> str:
    """Return what a migration prints that cannot begin: one line, about this file."""
    code, output = invoke("migrate", "--database", str(file))
    assert code == 2, output
    assert output.count("\n") == 1
    assert str(file) in output
    return output


# ---- files that are not there, not readable, not files ----


def test_fifo_in_place_of_the_database_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "test.db")
    assert "is not a regular file" in refusal(tmp_path / "test.db")


@pytest.fixture
def foreign_folder() -> Iterator[Path]:
    """A folder that unprivileged users can reach, unlike that of the tests."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o777)
        yield folder


@pytest.mark.parametrize(
    ("suffix", "mode", "message"),
    [
        ("", 0o000, "this user may not read and write"),
        ("", 0o444, "this user may not write"),
        ("-wal", 0o444, "this user may not write"),
        ("-shm", 0o000, "this user may not read and write"),
    ],
)
def test_file_without_permission_is_refused(
    source: Path, foreign_folder: Path, suffix: str, mode: int, message: str
) -> None:
    file = copy_database(source, foreign_folder / "test.db")
    file.chmod(0o666)
    file.with_name("test.db.lock").chmod(0o666)
    path = foreign_folder / f"test.db{suffix}"
    path.touch()
    path.chmod(mode)
    with without_privileges():
        output = refusal(file)
    assert f"{message} {path}; change its owner or its mode" in output
    assert stat.S_IMODE(path.stat().st_mode) == mode


def test_folder_that_is_read_only_is_refused(source: Path, foreign_folder: Path) -> None:
    file = copy_database(source, foreign_folder / "test.db")
    file.chmod(0o666)
    file.with_name("test.db.lock").chmod(0o666)
    foreign_folder.chmod(0o555)
    with without_privileges():
        assert f"this user may not write {foreign_folder};" in refusal(file)


def test_missing_file_with_a_log_is_refused(file: Path) -> None:
    file.rename(file.with_name("other.db"))
    Path(f"{file}-wal").write_bytes(b"x" * 100)
    assert f"is missing, but not its log: restore the file, or delete {file}-wal" in refusal(file)


# ---- files that are not databases, or not whole ----


def test_text_in_place_of_the_database_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "test.db"
    file.write_text("This is no database, though it is a file." * 200)
    assert "is not a SQLite database" in refusal(file)


def test_broken_session_table_stops_the_start_in_one_line(file: Path) -> None:
    break_page(file, find_root_pages(file)["session"])
    done = run_process("serve", "--port", "0", "--database", str(file))
    message = (
        f"{file} is damaged: {BACKUP}; `python main.py check` lists the damage (database disk image is malformed)\n"
    )
    assert (done.returncode, done.stdout, done.stderr) == (2, "", message)


def test_token_commands_name_a_damaged_database(file: Path) -> None:
    break_page(file, find_root_pages(file)["token"])
    for command in (["list"], ["create", "--name", "t", "--scope", "READ"]):
        code, output = invoke("token", *command, "--database", str(file))
        assert (code, output.count("\n")) == (2, 1), output
        assert output.startswith(f"{file} is damaged: {BACKUP}")


def test_file_that_another_program_locks_is_refused(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "BUSY_TIMEOUT_MS", 100)
    with locked_by_another_process(file):
        assert "is locked by another program: end that program" in refusal(file)


def test_read_only_file_system_is_refused(file: Path, tmp_path: Path) -> None:
    script = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"'
    mounted = ("unshare", "--mount", "--map-root-user", "sh", "-c", script, str(tmp_path))
    if subprocess.run([*mounted, "true"], check=False, capture_output=True).returncode:
        pytest.skip("mount namespaces are not available")
    command = [*mounted, sys.executable, "-c", HOLD, str(file)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    message = f"models.errors.DatabaseUnusable: {file} cannot be used as the database: Read-only file system"
    assert (done.stdout, done.stderr.splitlines()[-1]) == ("", message)


@pytest.mark.parametrize("size", [1, 15, 16, 50, 99, 100, 511, 512, 2048, PAGE_BYTES - 1, PAGE_BYTES, 5 * PAGE_BYTES])
def test_file_cut_to_a_few_bytes_is_refused(file: Path, size: int) -> None:
    os.truncate(file, size)
    output = refusal(file)
    assert BACKUP in output
    assert any(what in output for what in ("is empty", "is not a SQLite database", "is damaged", "is truncated"))
    assert file.stat().st_size == size


@pytest.mark.parametrize("missing", [1, PAGE_BYTES // 2, PAGE_BYTES, 3 * PAGE_BYTES])
def test_file_without_its_last_bytes_is_refused(file: Path, missing: int) -> None:
    os.truncate(file, file.stat().st_size - missing)
    assert BACKUP in refusal(file)


def test_empty_file_that_was_in_use_is_refused(file: Path) -> None:
    os.truncate(file, 0)
    assert "is empty, though it was in use: restore a backup, or delete the file" in refusal(file)
    assert file.stat().st_size == 0


def test_empty_file_that_no_server_has_used_becomes_a_database(tmp_path: Path) -> None:
    file = tmp_path / "test.db"
    file.touch()
    assert invoke("migrate", "--database", str(file)) == (0, f"{file} is up to date\n")


@pytest.mark.parametrize("content", [b"\0" * 16, b"SQLite format 2\0", b"SQLite format 3\0\x10\x01", b"\xff" * 100])
def test_broken_header_is_refused(file: Path, content: bytes) -> None:
    overwrite(file, 0, content)
    assert BACKUP in refusal(file)


def test_broken_schema_is_refused(file: Path) -> None:
    overwrite(file, 100, b"\xff" * 200)
    assert BACKUP in refusal(file)


@pytest.mark.parametrize("command", [["migrate"], ["check"], ["backup", "--to", "{}.backup"]], ids=lambda args: args[0])
def test_schema_that_is_not_text_is_refused_by_every_command(file: Path, command: list[str]) -> None:
    position = file.read_bytes().index(b"CREATE INDEX ix_stored_file_loose")
    overwrite(file, position + len("CREATE INDEX ix_"), b"\xda\xff")
    code, output = invoke(*(argument.format(file) for argument in command), "--database", str(file))
    assert (code, output.count("\n")) == (2, 1), output
    assert output.startswith(f"{file} ")
    assert BACKUP in output


# ---- the write-ahead log ----


@pytest.fixture(scope="module")
def crashed_source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files as a server leaves them that is killed after 20 commits, all of them in the log."""
    folder = tmp_path_factory.mktemp("crashed")
    file = folder / "crashed" / "test.db"

    async def run() -> None:
        async with open_api(folder / "test.db") as api:
            for number in range(20):
                await api.start_user(f"user {number}")
            shutil.copytree(folder, file.parent, ignore=shutil.ignore_patterns("crashed"))

    asyncio.run(run())
    return file


@pytest.fixture
def crashed(crashed_source: Path, tmp_path: Path) -> Path:
    shutil.copytree(crashed_source.parent, tmp_path, dirs_exist_ok=True)
    return tmp_path / "test.db"


def count_sessions(file: Path) -> int:
    with closing(sqlite3.connect(file)) as db:
        return int(db.execute("SELECT count(*) FROM session").fetchone()[0])


def test_log_after_a_crash_is_read_even_with_a_broken_index(crashed: Path) -> None:
    shm = Path(f"{crashed}-shm")
    shm.write_bytes(b"\xff" * shm.stat().st_size)
    assert invoke("migrate", "--database", str(crashed))[0] == 0
    assert count_sessions(crashed) == 20


def test_missing_log_of_a_killed_server_is_logged(crashed: Path) -> None:
    def warnings() -> list[str]:
        with capture_logs() as lines, file_lock(crashed):
            pass
        return [line["file"] for line in lines if line["event"] == "write-ahead log missing"]

    lock = Path(f"{crashed}.lock")
    killed = lock.read_text()
    assert (killed != "", warnings()) == (True, [])
    Path(f"{crashed}-wal").unlink()
    assert warnings() == [], "the lock file was emptied"
    lock.write_text(killed)
    assert warnings() == [f"{crashed}-wal"]


def test_log_of_a_crash_is_begun_anew_by_the_next_start(crashed: Path) -> None:
    check_before_open(crashed, was_used=True)
    assert not Path(f"{crashed}-wal").exists() or Path(f"{crashed}-wal").stat().st_size == 0
    assert count_sessions(crashed) == 20


def test_log_that_is_broken_before_its_end_is_refused(crashed: Path) -> None:
    log = Path(f"{crashed}-wal")
    size = log.stat().st_size
    overwrite(log, size // 2, b"\xff")
    output = refusal(crashed)
    assert f"{log} is damaged behind byte " in output
    assert log.stat().st_size == size
    command = output[output.index("truncate --size=") :].split("`")[0]
    os.truncate(log, int(command.split()[1].partition("=")[2]))
    assert invoke("migrate", "--database", str(crashed))[0] == 0
    assert 0 < count_sessions(crashed) < 20


def test_log_without_the_end_of_its_last_transaction_is_read(crashed: Path) -> None:
    log = Path(f"{crashed}-wal")
    os.truncate(log, log.stat().st_size - 100)
    assert invoke("migrate", "--database", str(crashed))[0] == 0
    assert count_sessions(crashed) >= 19


def test_log_with_a_broken_header_is_refused(crashed: Path) -> None:
    overwrite(Path(f"{crashed}-wal"), 16, b"\xff\xff")
    assert f"{crashed}-wal is damaged in its header" in refusal(crashed)


def test_log_of_another_database_is_refused(crashed: Path) -> None:
    with closing(sqlite3.connect(crashed.with_name("backup.db"))) as backup:
        backup.execute("CREATE TABLE t (x)")
    crashed.with_name("backup.db").replace(crashed)
    assert f"{crashed}-wal belongs to another database than {crashed}" in refusal(crashed)


# ---- broken pages ----


@pytest.mark.parametrize(
    ("content", "prefixes"),
    [
        (b"\xff" * PAGE_BYTES, ("session", "activity", "token")),
        pytest.param(b"\xff" * PAGE_BYTES, ("",), marks=pytest.mark.long),
        pytest.param(bytes(PAGE_BYTES), ("",), marks=pytest.mark.long),
    ],
    ids=["few", "ones", "zeros"],
)
async def test_broken_page_is_reported_once_at_the_start_or_when_touched(
    source: Path, tmp_path: Path, content: bytes, prefixes: tuple[str, ...]
) -> None:
    found: dict[str, set[str]] = {}
    for name, page in find_root_pages(source).items():
        if not name.startswith(prefixes):
            continue
        file = copy_database(source, tmp_path / f"{name}.db")
        break_page(file, page, content)
        with capture_logs() as log:
            found[name], ready = await codes_and_readiness(file)
        events = [line["event"] for line in log if line["log_level"] in ("warning", "error")]
        assert events == ["database damaged"] * (found[name] == {"SERVICE_UNAVAILABLE"}), (name, log)
        assert ready == (found[name] == set()), name
    assert [name for name, codes in found.items() if codes not in (set(), {NOT_STARTED}, {"SERVICE_UNAVAILABLE"})] == []
    untouched = {name for name, codes in found.items() if not codes}
    # Events are read late in a playback's life, and indexes by the filters that need them: `check` reads all of both.
    assert untouched & METADATA.tables.keys() <= {"media_event"}
    assert len(untouched) < len(found) / 3


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(2, 200))])
async def test_random_bytes_cause_no_other_error(file: Path, seed: int) -> None:
    generator = Random(seed)  # noqa: S311 - repeatable, not secret
    last_page = max(find_root_pages(file).values())
    for _ in range(generator.choice([1, 3, 20])):
        content = generator.randbytes(generator.choice([1, 4, 64, 1000]))
        overwrite(file, generator.randrange(PAGE_BYTES, last_page * PAGE_BYTES), content)
    with capture_logs() as log:
        codes, _ = await codes_and_readiness(file)
    assert codes in (set(), {"SERVICE_UNAVAILABLE"}) or all(
        code.startswith(str(file)) for code in codes - {NOT_STARTED}
    )
    assert [line for line in log if line["event"] == "unexpected error"] == []


async def codes_and_readiness(file: Path) -> tuple[set[str], bool]:
    """Return the codes of the errors of operations on all tables, and whether the server is ready after them."""
    try:
        async with open_api(file, FakeClock()) as api:
            codes = set().union(*[await api.error_codes(document) for document in QUERIES])
            return codes, (await api.http.get("/readyz")).status_code == 200
    except DatabaseUnusable as error:
        return {NOT_STARTED if str(error).startswith(f"{file} is damaged: {BACKUP}") else str(error)}, False


def test_checks_of_a_healthy_file_change_nothing(file: Path) -> None:
    before = file.read_bytes()
    check_before_open(file, was_used=True)
    assert file.read_bytes() == before
