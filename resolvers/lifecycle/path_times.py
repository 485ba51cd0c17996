"""The visible time of each path of a session, kept for at most 500 paths (design of the domain, section 2)."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence, Set
from itertools import takewhile
from typing import Any, Final

from sqlalchemy import bindparam, select
from sqlalchemy.engine import Connection

from models.dialect import in_keys, upsert
from models.tables import path_time
from models.tables.session import Session
from resolvers.lifecycle.unit_of_work import SessionUnitOfWork

MAX_PATHS: Final = 500

Path = tuple[str, ...]

_FINALIZE: Final = (
    path_time.update()
    .where(path_time.c.session_id == bindparam("of_id"), path_time.c.path == bindparam("of_path"))
    .values(
        project_id=bindparam("project"),
        kind=bindparam("of_kind"),
        shared=bindparam("with_before"),
        final_ms=path_time.c.visible_ms,
    )
)


def bucket_for(path: Path, known: Set[Path], path_count: int) -> Path:
    """The path that time counts under: itself while there is room for it, else its longest known beginning, else `()`.

    Args:
        path: where the time was spent.
        known: those of `path` and its beginnings that have a time already.
        count: how many paths of the session have one.
    """
    if path in known or path_count < MAX_PATHS:
        return path
    return next((path[:length] for length in range(len(path) - 1, 0, -1) if path[:length] in known), ())


def credit_paths(tx: Connection, units: Sequence[SessionUnitOfWork]) -> None:
    """Add what the drafts have earned to the times of their paths, and count new paths."""
    credited = [draft for draft in units if draft.credits]
    if not credited:
        return
    known = _load_known_paths(tx, credited)
    rows = []
    for uow in credited:
        s = uow.session
        for path, milliseconds in uow.credits:
            bucket = bucket_for(tuple(path), known[s.id], s.path_count)
            if bucket not in known[s.id]:
                known[s.id].add(bucket)
                s.path_count += 1
            rows.append({"session_id": s.id, "path": list(bucket), "visible_ms": milliseconds})
    tx.execute(upsert(tx, path_time, key=("session_id", "path"), add_to=("visible_ms",)), rows)


def finalize_paths(tx: Connection, ended: Iterable[Session]) -> None:
    """Lay down the times of sessions that end now: they stay as they are, and statistics look them up."""
    sessions = {s.id: s for s in ended if s.path_count}
    if not sessions:
        return
    paths: dict[str, list[Path]] = {session_id: [] for session_id in sessions}
    statement = select(path_time.c.session_id, path_time.c.path).where(path_time.c.session_id.in_(sorted(sessions)))
    for session_id, path in tx.execute(statement):
        paths[session_id].append(tuple(path))
    tx.execute(_FINALIZE, [row for session_id, s in sessions.items() for row in _final_rows(s, paths[session_id])])


def _final_rows(s: Session, paths: Iterable[Path]) -> Iterator[dict[str, Any]]:
    for path, prefix_length in shared_prefix_lengths(paths).items():
        yield {
            "of_id": s.id,
            "of_path": list(path),
            "project": s.project_id,
            "of_kind": s.kind,
            "with_before": prefix_length,
        }


def shared_prefix_lengths(paths: Iterable[Path]) -> dict[Path, int]:
    """How many first segments each path has in common with the one before it, when they are sorted."""
    ordered = sorted(paths)
    return {path: _common_prefix_length(before, path) for before, path in zip([(), *ordered], ordered, strict=False)}


def _common_prefix_length(left: Path, right: Path) -> int:
    equal_pairs = takewhile(lambda pair: pair[0] == pair[1], zip(left, right, strict=False))
    return sum(1 for _ in equal_pairs)


def _load_known_paths(tx: Connection, units: Sequence[SessionUnitOfWork]) -> dict[str, set[Path]]:
    """Which of the paths that matter to the drafts have a time already."""
    keys = {(uow.session.id, path) for uow in units for path in _possible_buckets(uow)}
    key_columns = (path_time.c.session_id, path_time.c.path)
    known: dict[str, set[Path]] = defaultdict(set)
    for session_id, path in tx.execute(select(*key_columns).where(in_keys(key_columns, sorted(keys)))):
        known[session_id].add(tuple(path))
    return known


def _possible_buckets(uow: SessionUnitOfWork) -> set[Path]:
    paths = {tuple(path) for path, _ in uow.credits}
    if uow.session.path_count + len(paths) <= MAX_PATHS:
        return paths
    return {path[:length] for path in paths for length in range(len(path) + 1)}
