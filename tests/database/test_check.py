"""`check`: one finding for each rule that is broken, none for what is whole, and no effect on a server."""

import asyncio
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Final

import pytest

from bench.dataset.bulk_insert import bulk_insert
from bench.dataset.generate import generate_sessions
from models.blobstore import open_blob_store
from models.database import open_read_only
from models.tables import METADATA
from resolvers.check import service
from resolvers.check.queries import RULES
from resolvers.check.service import check, row_findings
from tests.api_client import open_api
from tests.database.populated import PAGE_BYTES, break_page, copy_database, root_pages
from tests.factories import NOW
from tests.project.test_command_line import invoke

FAULTS: Final = {
    "rows of session_track that belong to no session": "INSERT INTO session_track VALUES ('s_gone', 1)",
    "rows of path_time that belong to no session": (
        "INSERT INTO path_time (session_id, path, visible_ms) VALUES ('s_gone', '[]', 1)"
    ),
    "rows of data_point that belong to no session": "UPDATE data_point SET session_id = 's_gone' WHERE name = 'c'",
    "rows of media_event that belong to no session": "UPDATE media_event SET session_id = 's_gone' WHERE type = 'PING'",
    "rows of media_state that belong to no session": "UPDATE media_state SET session_id = 's_gone'",
    "attachments of no data point": "UPDATE attachment SET name = 'gone' WHERE name = 'b'",
    "idempotency keys of sessions that never existed": "UPDATE idempotency SET session_id = 's_gone'",
    "entries of the log that belong to no session": "UPDATE activity SET session_id = 's_gone' WHERE type = 'MOVED'",
    "sessions of no project": "UPDATE session SET project_id = 'gone' WHERE ended_at IS NULL",
    "sessions in the log as deleted or replaced that exist": """UPDATE activity
        SET session_id = (SELECT id FROM session WHERE kind = 'USER') WHERE type = 'DELETED'""",
    "entries of the log with another project or kind than their session": "UPDATE activity SET kind = 'USER'",
    "positions of activity that will be assigned again, so that readers miss entries": (
        "UPDATE sqlite_sequence SET seq = 5"
    ),
    "positions of audit_entry that will be assigned again, so that readers miss entries": (
        "UPDATE sqlite_sequence SET seq = 0"
    ),
    "sessions without a start in the log": "DELETE FROM activity WHERE type = 'STARTED' AND kind = 'CLIENT'",
    "ended sessions whose end is not in the log exactly once": "DELETE FROM activity WHERE type = 'STOPPED'",
    "live sessions with an end in the log": "UPDATE activity SET type = 'EXPIRED' WHERE type = 'MOVED'",
    "sessions that did something after their end": """UPDATE activity SET position = 1000 WHERE position = (
        SELECT min(position) FROM activity JOIN session ON session.id = session_id
        WHERE type = 'MOVED' AND session.kind = 'USER' AND ended_at IS NOT NULL)""",
    "ended sessions that the sweeper would check": "UPDATE session SET due_at = 1 WHERE ended_at IS NOT NULL",
    "live sessions that the sweeper would never check, or too late": (
        "UPDATE session SET due_at = NULL WHERE ended_at IS NULL"
    ),
    "deadlines without a reason, or the reverse": "UPDATE session SET expiry_reason = NULL WHERE ended_at IS NULL",
    "sessions whose number of paths is wrong": "UPDATE session SET path_count = path_count + 1 WHERE ended_at IS NULL",
    "sessions whose visible time is not the sum of that on their paths": (
        "UPDATE session SET visible_ms = visible_ms + 1 WHERE ended_at IS NULL"
    ),
    "sessions whose final figures are missing, wrong, or there before the end": (
        "UPDATE session SET final_seen_at = 1 WHERE ended_at IS NOT NULL"
    ),
    "ended sessions whose final duration is wrong": (
        "UPDATE session SET final_elapsed_ms = 1 WHERE ended_at IS NOT NULL"
    ),
    "path times whose copies of their session are missing, wrong, or there before the end": (
        "UPDATE path_time SET end_reason = 'EXPIRED' WHERE final_ms IS NOT NULL"
    ),
    "agenda items with other tracks than they show": "UPDATE session_track SET track = 5 WHERE track = 4",
    "playbacks whose number of events is wrong": "DELETE FROM media_event WHERE type = 'PING'",
    "playbacks with events and without a state": "DELETE FROM media_state",
    "data points that are not exactly one of text, bytes and file": (
        "UPDATE data_point SET value = NULL WHERE name = 'c'"
    ),
    "data points whose size is wrong": "UPDATE data_point SET size = 3 WHERE name = 'c'",
    "attachments whose file is being deleted, or has no row": "UPDATE stored_file SET condemned = TRUE, loose = TRUE",
    "files that nothing refers to and that will not be collected": (
        "INSERT INTO stored_file VALUES ('aa/x', 'x', 1, 0, FALSE, FALSE)"
    ),
    "databases without their one row in table server": "DELETE FROM server",
    service.WRONG_REFERENCES: "INSERT INTO session_track VALUES ('s_gone', 1)",
    service.WRONG_PREFIXES: "UPDATE path_time SET shared = 7 WHERE shared IS NOT NULL",
}
"""A statement that breaks each rule."""


@pytest.fixture
def file(source: Path, tmp_path: Path) -> Path:
    return copy_database(source, tmp_path / "test.db")


def findings(file: Path) -> list[str]:
    """Return what `check` prints: nothing, or lines and exit code 1."""
    code, output = invoke("check", "--database", str(file))
    *lines, last = output.splitlines()
    total = f"{len(lines) or 'no'} finding{'' if len(lines) == 1 else 's'}"
    assert (code, last) == (int(bool(lines)), f"{file}: {total}")
    return lines


def test_whole_database_has_no_findings(file: Path) -> None:
    before = file.read_bytes()
    assert findings(file) == []
    assert file.read_bytes() == before


def test_every_table_has_rows_to_check(file: Path) -> None:
    with open_read_only(file) as db:
        counts = {name: db.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in METADATA.tables}  # noqa: S608 - our names
    assert [name for name, count in counts.items() if not count] == []


def test_every_rule_has_a_fault_that_breaks_it() -> None:
    rules = {rule.finding for rule in RULES if not rule.finding.startswith("values in")}
    assert rules | {service.WRONG_REFERENCES, service.WRONG_PREFIXES} == FAULTS.keys()


def test_planted_faults_are_found_and_named(file: Path) -> None:
    """One transaction for each fault, rolled back after the check."""
    with closing(sqlite3.connect(file, isolation_level=None)) as db:
        for finding, fault in FAULTS.items():
            db.execute("BEGIN")
            assert db.execute(fault).rowcount > 0, fault
            found = list(row_findings(db, lambda *_: None))
            db.execute("ROLLBACK")
            assert [line for line in found if line.startswith(f"{finding}: ")] != [], (finding, found)


def test_values_that_are_not_json_are_found(file: Path) -> None:
    with closing(sqlite3.connect(file, isolation_level=None)) as db:
        for finding in [rule.finding for rule in RULES if rule.finding.startswith("values in")]:
            table, column = finding.split()[2].split(".")
            db.execute("BEGIN")
            db.execute(f"UPDATE OR REPLACE {table} SET {column} = '[['")  # noqa: S608 - our names
            found = list(row_findings(db, lambda *_: None))
            db.execute("ROLLBACK")
            assert [line for line in found if line.startswith(f"{finding}: ")] != [], (finding, found)


def test_finding_has_a_count_and_three_examples(file: Path) -> None:
    with closing(sqlite3.connect(file)) as db, db:
        db.executemany("INSERT INTO session_track VALUES (?, 1)", [(f"s_{number}",) for number in range(5)])
    assert findings(file) == [
        f"{service.WRONG_REFERENCES}: 5 (session_track to session)",
        "rows of session_track that belong to no session: 5 (s_0, s_1, s_2, …)",
    ]


# ---- files ----


def blob_files(file: Path) -> list[Path]:
    return sorted(path for path in Path(f"{file}.files").glob("*/*") if path.is_file())


@pytest.mark.parametrize("harm", [Path.unlink, lambda path: os.truncate(path, 5)], ids=["missing", "truncated"])
def test_missing_file_is_found(file: Path, harm: Callable[[Path], None]) -> None:
    path = blob_files(file)[0]
    harm(path)
    assert findings(file) == [f"{service.MISSING_FILES}: 1 ({path.parent.name}/{path.name})"]


def test_file_without_a_row_is_found(file: Path) -> None:
    unknown = Path(f"{file}.files/ab/unknown")
    unknown.parent.mkdir()
    unknown.touch()
    assert findings(file) == [f"{service.UNKNOWN_FILES}: 1 (ab/unknown)"]


def test_upload_in_progress_is_no_finding(file: Path) -> None:
    with closing(sqlite3.connect(file)) as db, db:
        db.execute("INSERT INTO stored_file VALUES ('ab/new', 'x', 1, 9999999999999, TRUE, FALSE)")
    assert findings(file) == []


# ---- broken files ----


def test_broken_page_of_every_table_and_index_is_found(source: Path, tmp_path: Path) -> None:
    unnoticed = []
    file = copy_database(source, tmp_path / "test.db")
    for name, page in root_pages(source).items():
        before = file.read_bytes()[(page - 1) * PAGE_BYTES : page * PAGE_BYTES]
        break_page(file, page)
        with open_read_only(file) as db:
            found = list(row_findings(db, lambda *_: None))
        if not any(line.startswith(service.DAMAGED) for line in found):
            unnoticed.append(name)
        break_page(file, page, before)
    assert unnoticed == []


def test_damage_is_printed_without_a_traceback(file: Path) -> None:
    break_page(file, root_pages(file)["session"])
    lines = findings(file)
    assert lines[0].startswith(f"{service.DAMAGED}: ")
    assert any(line.endswith("could not be checked: database disk image is malformed") for line in lines)


@pytest.mark.parametrize("size", [0, 50, 2048])
def test_what_is_no_database_is_refused_in_one_line(file: Path, size: int) -> None:
    os.truncate(file, size)
    code, output = invoke("check", "--database", str(file))
    assert (code, output.count("\n")) == (2, 1), output
    assert output.startswith(f"{file} ")


def test_tables_of_another_version_are_not_checked(file: Path) -> None:
    with closing(sqlite3.connect(file)) as db, db:
        db.execute("UPDATE alembic_version SET version_num = '0001'")
    message = f"{file} has tables of another version: run `python main.py migrate`\n"
    assert invoke("check", "--database", str(file)) == (2, message)
    assert invoke("check", "--database", f"{file}.none")[0] == 2


# ---- databases in use ----


async def test_database_in_use_can_be_checked(tmp_path: Path) -> None:
    file = tmp_path / "test.db"
    async with open_api(file) as api:
        store = open_blob_store(f"{file}.files")
        stop = asyncio.Event()

        async def write() -> None:
            while not stop.is_set():
                session = await api.start_user(path=["a"])
                await api.advance(1)
                await api.mutate("stopSession", {"id": session["id"]})

        writing = asyncio.create_task(write())
        for _ in range(3):
            assert await check(file, store, lambda *_: None) == []
            await asyncio.sleep(0)
        stop.set()
        await writing


def test_generated_database_has_no_findings(tmp_path: Path) -> None:
    assert list(bulk_insert(tmp_path / "test.db", generate_sessions(1, 1_500, NOW), NOW)) == [1_500]
    assert findings(tmp_path / "test.db") == []
