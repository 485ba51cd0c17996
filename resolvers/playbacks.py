"""The figures of MEDIA sessions, read."""

from models.kinds.media_event_parameters import BITRATE
from models.tables.session import Session
from resolvers.context import Context
from resolvers.media import PlaybackMetrics, PlaybackState, compute_metrics


def initial_state(s: Session) -> PlaybackState:
    """The playback of a session whose player has told nothing since the start."""
    details = s.details
    ts = details["start_ts"] if s.player_ts is None else s.player_ts
    return PlaybackState(ts, s.playhead or 0.0, details["length"], details["qoe"].get(BITRATE))


async def media_metrics(context: Context, s: Session) -> PlaybackMetrics:
    """The figures of a MEDIA session, live while it goes on and final once it has ended.

    Sessions that are asked together are read with one statement.
    """
    state = await context.loaders.media_state(s.id)
    return compute_metrics(initial_state(s) if state is None else state)
