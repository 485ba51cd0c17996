"""Check of a database and of its files, by rules; also while a server uses them."""

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Final

from models.blobstore import BlobStore, LocalBlobStore
from models.database import DRIVER_ERRORS, Progress, fault_reason, open_read_only
from models.errors import DatabaseUnusable
from resolvers.check import queries
from resolvers.check.queries import EXAMPLES, RULES, Blob, Rule
from resolvers.lifecycle.heartbeat import shared_prefix_lengths

DAMAGED: Final = "damaged"
WRONG_REFERENCES: Final = "rows that refer to a row that does not exist"
WRONG_PREFIXES: Final = "ended sessions whose statistics by path are wrong"
MISSING_FILES: Final = "attachments whose file is missing, or has another size"
UNKNOWN_FILES: Final = "files that no row knows, and that will not be collected"


async def check(file: Path, store: BlobStore, progress: Progress) -> list[str]:
    """Return a line for each finding. Each statement reads a snapshot of its own, so that none holds up a server.

    Raises:
        DatabaseUnusable: it is no database of this version, or cannot be read.
        StorageUnavailable: the files cannot be listed.
    """
    with open_read_only(file) as db:
        try:
            problem = queries.version_problem(db)
        except DRIVER_ERRORS as error:
            return [f"{DAMAGED}: {fault_reason(error)}"]
        if problem is not None:
            raise DatabaseUnusable(f"{file} {problem}")
        findings = list(row_findings(db, progress))
        progress("files", 0, 0)
        try:
            return [*findings, *await _file_findings(db, store)]
        except DRIVER_ERRORS as error:
            return [*findings, f"files could not be checked: {fault_reason(error)}"]


def row_findings(db: sqlite3.Connection, progress: Progress) -> Iterator[str]:
    """Yield a line for each rule that rows break."""
    checks: list[tuple[str, Callable[[sqlite3.Connection], Iterable[str]]]] = [
        ("integrity", _damage_findings),
        (WRONG_REFERENCES, _reference_findings),
        *((rule.finding, partial(_rule_findings, rule)) for rule in RULES),
        (WRONG_PREFIXES, _prefix_findings),
    ]
    for number, (name, find) in enumerate(checks):
        progress(name, number, len(checks))
        try:
            yield from list(find(db))
        except DRIVER_ERRORS as error:
            yield f"{name} could not be checked: {fault_reason(error)}"


def _damage_findings(db: sqlite3.Connection) -> Iterator[str]:
    try:
        yield from [f"{DAMAGED}: {line}" for line in queries.damage(db)]
    except DRIVER_ERRORS as error:
        yield f"{DAMAGED}: {fault_reason(error)}"
        for table in queries.table_names(db):
            try:
                yield from [f"{DAMAGED}: table {table}: {line}" for line in queries.damage(db, table)]
            except DRIVER_ERRORS:
                yield f"{DAMAGED}: table {table}, or one of its indexes"


def _reference_findings(db: sqlite3.Connection) -> Iterator[str]:
    references = [f"{table} to {parent}" for table, parent in queries.broken_references(db)]
    if references:
        yield f"{WRONG_REFERENCES}: {len(references)} ({', '.join(sorted(set(references)))})"


def _rule_findings(rule: Rule, db: sqlite3.Connection) -> Iterator[str]:
    count, examples = queries.violations(db, rule)
    if count:
        yield _line(rule.finding, count, examples)


def _prefix_findings(db: sqlite3.Connection) -> Iterator[str]:
    wrong = []
    for session_id, rows in groupby(queries.final_paths(db), key=lambda row: row[0]):
        stored = {path: shared for _, path, shared in rows}
        try:
            expected = shared_prefix_lengths(tuple(json.loads(path)) for path in stored)
        except json.JSONDecodeError:
            continue  # has a rule of its own
        if list(stored.values()) != [expected[tuple(json.loads(path))] for path in stored]:
            wrong.append(session_id)
    if wrong:
        yield _line(WRONG_PREFIXES, len(wrong), wrong)


async def _file_findings(db: sqlite3.Connection, store: BlobStore) -> list[str]:
    # Files first: each that is listed had its row before. What is missing may have been stored or deleted meanwhile.
    sizes = await store.sizes()
    missing, unknown = _compare(sizes, queries.blobs(db))
    if missing or unknown:
        sizes = await store.sizes()
        still_missing, still_unknown = _compare(sizes, queries.blobs(db))
        missing, unknown = missing & still_missing, unknown & still_unknown
    findings = [_line(MISSING_FILES, len(missing), sorted(missing))] if missing else []
    # Other databases may keep files in the same bucket.
    if unknown and isinstance(store, LocalBlobStore):
        findings.append(_line(UNKNOWN_FILES, len(unknown), sorted(unknown)))
    return findings


def _compare(sizes: Mapping[str, int], blobs: Mapping[str, Blob]) -> tuple[set[str], set[str]]:
    """Return the keys of files that are referenced and not whole, and those of files without a row."""
    missing = {key for key, blob in blobs.items() if blob.is_referenced and sizes.get(key) != blob.size}
    return missing, sizes.keys() - blobs.keys()


def _line(finding: str, count: int, examples: Sequence[str]) -> str:
    return f"{finding}: {count} ({', '.join(examples[:EXAMPLES])}{', …' if count > EXAMPLES else ''})"
