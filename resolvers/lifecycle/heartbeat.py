"""What it means that a session is heard: who was where, and for how long (design of the domain, section 2)."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from models.clock import SECOND, Instant
from models.enums import ActivityType
from models.kinds import KINDS
from resolvers.lifecycle.unit_of_work import Draft

LONGEST_CREDIT: Final = 300 * SECOND
"""What one call credits at most where the session has no timeout."""

OVERTAKING: Final = 5 * SECOND
"""Two calls that arrive together may be written in the other order; a clock that goes back further was set back."""


def hear(draft: Draft, now: Instant, left: list[str] | None = None) -> None:
    """Credit the time since the session was last heard, where it was visible, to the path it was on.

    Args:
        draft: the session.
        now: the time of the call.
        left: the path that is being left, where the call names one; else it is the session's own.
    """
    s = draft.session
    limit = LONGEST_CREDIT if s.timeout_seconds is None else s.timeout_seconds * SECOND
    spent = min(max(0, now - s.last_seen_at), limit)
    if s.visible and spent and KINDS[s.kind].earns_time:
        s.visible_ms += spent
        draft.credits.append((s.path if left is None else left, spent))
    overtaken = 0 < s.last_seen_at - now <= OVERTAKING
    s.last_seen_at = s.last_seen_at if overtaken else now


class Whereabouts(NamedTuple):
    """What a call says of the player: the client's own time, and what the timeline shows beside it."""

    client_at: Instant | None = None
    data: Mapping[str, Any] = MappingProxyType({})


NOWHERE: Final = Whereabouts()
"""It says nothing of one."""


def show(draft: Draft, now: Instant, *, visible: bool, player: Whereabouts = NOWHERE) -> None:
    """Make the session visible or hidden; what it is already is no news."""
    s = draft.session
    if s.visible != visible:
        s.visible = visible
        what = ActivityType.SHOWN if visible else ActivityType.HIDDEN
        draft.record(what, now, {"path": s.path, **player.data}, client_at=player.client_at)


def move(draft: Draft, now: Instant, path: list[str], player: Whereabouts = NOWHERE) -> None:
    """Put the session on a path; where it is already is no news."""
    s = draft.session
    if s.path != path:
        data = {"from": s.path, "to": path, **player.data}
        draft.record(ActivityType.MOVED, now, data, client_at=player.client_at)
        s.path = path
