"""Backups, and what is in them."""

import asyncio
import re
from pathlib import Path

from models.backup import back_up
from models.blobstore import open_blob_store
from tests.blobs.form_client import stored_files
from tests.durability.invariants import assert_invariants, open_read_only
from tests.project.test_command_line import invoke


def run_backup(file: Path, target: Path, *options: str) -> tuple[int, str]:
    return invoke("backup", "--database", str(file), "--to", str(target), *options)


def failure(file: Path, target: Path, *options: str) -> str:
    code, output = run_backup(file, target, *options)
    assert (code, output.count("\n")) == (2, 1), output
    return output


def make_backup(file: Path, target: Path) -> None:
    """Make a backup in this process, by force."""
    asyncio.run(back_up(file, open_blob_store(f"{file}.files"), target, noop_progress, force=True))


def names(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def dump(file: Path) -> list[str]:
    """The content of a database but for its id, which each backup has for itself."""
    with open_read_only(file) as db:
        return [re.sub(r"d_[\w-]{22}", "", line) for line in db.iterdump()]


def blobs(file: Path) -> dict[str, bytes]:
    folder = file.with_name(f"{file.name}.files")
    return {str(path.relative_to(folder)): path.read_bytes() for path in stored_files(folder)}


def assert_complete(backup: Path, file: Path) -> None:
    assert_invariants(backup)
    assert dump(backup) == dump(file)
    assert blobs(file).items() <= blobs(backup).items()


def noop_progress(*_: object) -> None:
    pass
