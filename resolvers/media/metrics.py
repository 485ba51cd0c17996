"""Metrics of a playback, as clients read them."""

from dataclasses import dataclass
from math import isfinite
from typing import Final

from models.clock import SECOND, to_seconds
from resolvers.media.state import NamedState, PlaybackState
from resolvers.media.time_accounting import is_stalled, total_seconds

PROGRESS_MARKS: Final = (10, 25, 50, 75, 95)
"""Percent of the length."""


@dataclass(frozen=True, slots=True)
class NamedStateTime:
    name: str
    count: int
    seconds: float


@dataclass(frozen=True, slots=True)
class PlaybackMetrics:
    """Fields of the schema's `MediaMetrics`. Times are in seconds; nothing is counted after the newest event."""

    content_started: bool
    content_completed: bool
    content_seconds: float
    media_seconds: float
    ad_seconds: float
    ad_starts: int
    ad_completes: int
    chapter_seconds: float
    chapter_starts: int
    chapter_completes: int
    pause_count: int
    pause_seconds: float
    buffer_count: int
    buffer_seconds: float
    stall_count: int
    error_count: int
    bitrate_changes: int
    average_bitrate: float | None
    unique_seconds: float
    average_minute_audience: float | None
    progress_marks: list[int]
    states: list[NamedStateTime]


def compute_metrics(state: PlaybackState) -> PlaybackMetrics:
    stalled = is_stalled(state)
    content = state.content if stalled else state.content.plus(state.stall_run)
    rated_ms = content.rated_ms + state.ads.rated_ms
    return PlaybackMetrics(
        content_started=state.started,
        content_completed=state.completed,
        content_seconds=to_seconds(content.ms),
        media_seconds=to_seconds(content.ms + state.ads.ms),
        ad_seconds=to_seconds(state.ads.ms),
        ad_starts=state.ad_starts,
        ad_completes=state.ad_completes,
        chapter_seconds=to_seconds(content.chapter_ms),
        chapter_starts=state.chapter_starts,
        chapter_completes=state.chapter_completes,
        pause_count=state.pauses,
        pause_seconds=to_seconds(state.pause_ms),
        buffer_count=state.buffers,
        buffer_seconds=to_seconds(state.buffer_ms),
        stall_count=state.stalls + stalled,
        error_count=state.errors,
        bitrate_changes=state.bitrate_changes,
        average_bitrate=(content.bits + state.ads.bits) / rated_ms if rated_ms else None,
        unique_seconds=round(total_seconds(state.watched_intervals), 3),
        average_minute_audience=_share_of_length(content.ms, state.length),
        progress_marks=[
            mark for mark in PROGRESS_MARKS if state.length and state.max_playhead * 100 >= mark * state.length
        ],
        states=[_named_state_time(name, named, state) for name, named in state.named_states.items()],
    )


def _share_of_length(ms: int, length: float) -> float | None:
    # A length near 0 makes the share infinite.
    share = ms / (length * SECOND) if length else None
    return share if share is not None and isfinite(share) else None


def _named_state_time(name: str, named: NamedState, state: PlaybackState) -> NamedStateTime:
    open_ms = 0 if named.since is None else state.ts - named.since
    return NamedStateTime(name, named.starts, to_seconds(named.ms + open_ms))
