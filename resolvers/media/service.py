"""Metrics of MEDIA sessions."""

from models.tables.rows import Session
from resolvers.context import Context
from resolvers.media.metrics import PlaybackMetrics, compute_metrics
from resolvers.media.state import initial_state


async def media_metrics(context: Context, s: Session) -> PlaybackMetrics:
    """Compute the metrics of a session; sessions that are read together take one statement."""
    state = await context.loaders.media_state(s.id)
    return compute_metrics(initial_state(s) if state is None else state)
