"""The visible time of each path of a session, kept for at most 500 paths (design of the domain, section 2)."""

from collections import defaultdict
from collections.abc import Sequence, Set
from typing import Final

from sqlalchemy import select
from sqlalchemy.engine import Connection

from models.sql import one_of_keys, upsert
from models.tables import path_time
from resolvers.lifecycle.draft import Draft

MAX_PATHS: Final = 500

Path = tuple[str, ...]


def place_for(path: Path, known: Set[Path], count: int) -> Path:
    """The path that time counts under: itself while there is room for it, else its longest known beginning, else `()`.

    Args:
        path: where the time was spent.
        known: those of `path` and its beginnings that have a time already.
        count: how many paths of the session have one.
    """
    if path in known or count < MAX_PATHS:
        return path
    return next((path[:length] for length in range(len(path) - 1, 0, -1) if path[:length] in known), ())


def assign_paths(tx: Connection, drafts: Sequence[Draft]) -> None:
    """Add what the drafts have earned to the times of their paths, and count new paths."""
    earning = [draft for draft in drafts if draft.credits]
    if not earning:
        return
    known = _known(tx, earning)
    rows = []
    for draft in earning:
        s = draft.session
        for path, milliseconds in draft.credits:
            place = place_for(tuple(path), known[s.id], s.path_count)
            if place not in known[s.id]:
                known[s.id].add(place)
                s.path_count += 1
            rows.append({"session_id": s.id, "path": list(place), "visible_ms": milliseconds})
    tx.execute(upsert(tx, path_time, key=("session_id", "path"), added=("visible_ms",)), rows)


def _known(tx: Connection, drafts: Sequence[Draft]) -> dict[str, set[Path]]:
    """Which of the paths that matter to the drafts have a time already."""
    asked = {(draft.session.id, path) for draft in drafts for path in _candidates(draft)}
    key = (path_time.c.session_id, path_time.c.path)
    known: dict[str, set[Path]] = defaultdict(set)
    for session_id, path in tx.execute(select(*key).where(one_of_keys(key, sorted(asked)))):
        known[session_id].add(tuple(path))
    return known


def _candidates(draft: Draft) -> set[Path]:
    paths = {tuple(path) for path, _ in draft.credits}
    if draft.session.path_count + len(paths) <= MAX_PATHS:
        return paths
    return {path[:length] for path in paths for length in range(len(path) + 1)}
