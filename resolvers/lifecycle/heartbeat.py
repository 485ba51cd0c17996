"""What it means that a session is heard: who was where, and for how long (design of the domain, section 2)."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from models.clock import SECOND, Instant
from models.enums import ActivityType
from models.kinds import KINDS
from resolvers.lifecycle.unit_of_work import SessionUnitOfWork

MAX_CREDIT_MS: Final = 300 * SECOND
"""What one call credits at most where the session has no timeout."""

REORDER_TOLERANCE_MS: Final = 5 * SECOND
"""Two calls that arrive together may be written in the other order; a clock that goes back further was set back."""


def record_heartbeat(uow: SessionUnitOfWork, now: Instant, left_path: list[str] | None = None) -> None:
    """Credit the time since the session was last heard, where it was visible, to the path it was on.

    Args:
        draft: the session.
        now: the time of the call.
        left: the path that is being left, where the call names one; else it is the session's own.
    """
    s = uow.session
    limit = MAX_CREDIT_MS if s.timeout_seconds is None else s.timeout_seconds * SECOND
    elapsed = min(max(0, now - s.last_seen_at), limit)
    if s.visible and elapsed and KINDS[s.kind].counts_visible_time:
        s.visible_ms += elapsed
        uow.credits.append((s.path if left_path is None else left_path, elapsed))
    is_reordered = 0 < s.last_seen_at - now <= REORDER_TOLERANCE_MS
    s.last_seen_at = s.last_seen_at if is_reordered else now


class PlayerContext(NamedTuple):
    """What a call says of the player: the client's own time, and what the timeline shows beside it."""

    client_at: Instant | None = None
    data: Mapping[str, Any] = MappingProxyType({})


NO_PLAYER: Final = PlayerContext()
"""It says nothing of one."""


def set_visible(uow: SessionUnitOfWork, now: Instant, *, visible: bool, player: PlayerContext = NO_PLAYER) -> None:
    """Make the session visible or hidden; what it is already is no news."""
    s = uow.session
    if s.visible != visible:
        s.visible = visible
        activity_type = ActivityType.SHOWN if visible else ActivityType.HIDDEN
        uow.add_activity(activity_type, now, {"path": s.path, **player.data}, client_at=player.client_at)


def set_path(uow: SessionUnitOfWork, now: Instant, path: list[str], player: PlayerContext = NO_PLAYER) -> None:
    """Put the session on a path; where it is already is no news."""
    s = uow.session
    if s.path != path:
        data = {"from": s.path, "to": path, **player.data}
        uow.add_activity(ActivityType.MOVED, now, data, client_at=player.client_at)
        s.path = path
