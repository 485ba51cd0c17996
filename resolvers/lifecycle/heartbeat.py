"""Heartbeats: time credited to a session and its current path (docs/domain.md, section 2)."""

from collections.abc import Iterable, Mapping, Set
from itertools import takewhile
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from models.clock import SECOND, Instant
from models.enums import ActivityType
from models.kinds import KINDS
from resolvers.lifecycle.unit_of_work import SessionUnitOfWork

MAX_CREDIT_MS: Final = 300 * SECOND
"""Most time that one heartbeat credits to a session without a timeout."""
REORDER_TOLERANCE_MS: Final = 5 * SECOND
"""Concurrent calls may commit in the other order; a larger step back means that the clock was set back."""
MAX_PATHS: Final = 500
"""Distinct paths with a time of their own, per session."""

Path = tuple[str, ...]


class PlayerContext(NamedTuple):
    """What a heartbeat's `media` adds to the activities of that heartbeat."""

    client_at: Instant | None = None
    data: Mapping[str, Any] = MappingProxyType({})


NO_PLAYER: Final = PlayerContext()


def record_heartbeat(uow: SessionUnitOfWork, now: Instant, left_path: list[str] | None = None) -> None:
    """Credit the visible time since the last heartbeat to `left_path`, or else to the session's current path."""
    s = uow.session
    limit = MAX_CREDIT_MS if s.timeout_seconds is None else s.timeout_seconds * SECOND
    elapsed = min(max(0, now - s.last_seen_at), limit)
    if s.visible and elapsed and KINDS[s.kind].counts_visible_time:
        s.visible_ms += elapsed
        uow.credits.append((s.path if left_path is None else left_path, elapsed))
    # Two calls in flight together may commit out of order: never move last_seen_at back for those.
    is_reordered = 0 < s.last_seen_at - now <= REORDER_TOLERANCE_MS
    if not is_reordered:
        s.last_seen_at = now


def set_visible(uow: SessionUnitOfWork, now: Instant, *, visible: bool, player: PlayerContext = NO_PLAYER) -> None:
    s = uow.session
    if s.visible != visible:
        s.visible = visible
        activity_type = ActivityType.SHOWN if visible else ActivityType.HIDDEN
        uow.add_activity(activity_type, now, {"path": s.path, **player.data}, client_at=player.client_at)


def set_path(uow: SessionUnitOfWork, now: Instant, path: list[str], player: PlayerContext = NO_PLAYER) -> None:
    s = uow.session
    if s.path != path:
        data = {"from": s.path, "to": path, **player.data}
        uow.add_activity(ActivityType.MOVED, now, data, client_at=player.client_at)
        s.path = path


def possible_buckets(uow: SessionUnitOfWork) -> set[Path]:
    """List the paths whose times decide where the unit's credits go."""
    paths = {tuple(path) for path, _ in uow.credits}
    if uow.session.path_count + len(paths) <= MAX_PATHS:
        return paths
    return {path[:length] for path in paths for length in range(len(path) + 1)}


def bucket_for(path: Path, known: Set[Path], path_count: int) -> Path:
    """Choose the path that time on `path` counts under: itself if there is room, else its longest known prefix.

    Args:
        path: where the time was spent.
        known: `path` and its prefixes that have a time already.
        path_count: how many paths of the session have one.
    """
    if path in known or path_count < MAX_PATHS:
        return path
    return next((path[:length] for length in range(len(path) - 1, 0, -1) if path[:length] in known), ())


def shared_prefix_lengths(paths: Iterable[Path]) -> dict[Path, int]:
    """Count the leading segments that each path shares with the one sorted before it.

    Statistics count a session once per prefix of depth d by counting its paths that share fewer than d.
    """
    ordered = sorted(paths)
    return {path: _common_prefix_length(before, path) for before, path in zip([(), *ordered], ordered, strict=False)}


def _common_prefix_length(left: Path, right: Path) -> int:
    equal_pairs = takewhile(lambda pair: pair[0] == pair[1], zip(left, right, strict=False))
    return sum(1 for _ in equal_pairs)
