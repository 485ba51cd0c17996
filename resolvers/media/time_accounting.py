"""Time accounting: what the time between two events counts for, and the union of watched intervals."""

from bisect import bisect_left, bisect_right
from enum import Enum, auto
from itertools import pairwise
from typing import Final

from models.clock import SECOND, to_seconds
from models.enums import PlayerState
from resolvers.media.state import Event, Interval, PlaybackState, WatchTime

STALL_MIN_EVENTS: Final = 3
"""Consecutive content events with one playhead that make a stall."""
STALL_MIN_MS: Final = SECOND
"""Players send several events in one moment, and a playhead in whole seconds repeats for one: neither is a stall."""
MAX_PLAYBACK_RATE: Final = 2
SEEK_TOLERANCE_SECONDS: Final = 2.0
"""A playhead further ahead than rate × elapsed time + tolerance was moved by a seek."""
MAX_INTERVALS: Final = 500
"""Disjoint intervals per playback; beyond, the two closest are merged."""


class Phase(Enum):
    PAUSE = auto()
    BUFFERING = auto()
    AD = auto()
    CONTENT = auto()
    UNCOUNTED = auto()
    """Before the first play, or in an ad break between ads."""


def current_phase(state: PlaybackState) -> Phase:
    if state.player == PlayerState.PAUSED:
        return Phase.PAUSE
    if state.player == PlayerState.BUFFERING:
        return Phase.BUFFERING
    if state.in_ad:
        return Phase.AD
    if state.in_break or state.player == PlayerState.STARTING:
        return Phase.UNCOUNTED
    return Phase.CONTENT


def accrue(state: PlaybackState, event: Event) -> None:
    """Count the time from the newest event to the next one."""
    ms = event.ts - state.ts
    phase = current_phase(state)
    if phase is Phase.CONTENT:
        _accrue_content(state, event, ms)
        return
    close_stall_run(state)
    match phase:
        case Phase.PAUSE:
            state.pause_ms += ms
        case Phase.BUFFERING:
            state.buffer_ms += ms
        case Phase.AD:
            state.ads = state.ads.plus(_watch_time(state, ms, in_chapter=False))


def _accrue_content(state: PlaybackState, event: Event, ms: int) -> None:
    watch_time = _watch_time(state, ms, in_chapter=state.in_chapter)
    if event.playhead == state.playhead:
        state.stall_run = state.stall_run.plus(watch_time)
        state.stall_run_events = max(state.stall_run_events, 1) + 1
        return
    close_stall_run(state)
    state.content = state.content.plus(watch_time)
    if state.playhead < event.playhead <= state.playhead + MAX_PLAYBACK_RATE * to_seconds(ms) + SEEK_TOLERANCE_SECONDS:
        add_interval(state.watched_intervals, (state.playhead, event.playhead))


def _watch_time(state: PlaybackState, ms: int, *, in_chapter: bool) -> WatchTime:
    chapter_ms = ms if in_chapter else 0
    if state.bitrate is None:
        return WatchTime(ms, chapter_ms)
    return WatchTime(ms, chapter_ms, ms, state.bitrate * ms)


def is_stalled(state: PlaybackState) -> bool:
    return state.stall_run_events >= STALL_MIN_EVENTS and state.stall_run.ms >= STALL_MIN_MS


def close_stall_run(state: PlaybackState) -> None:
    """Count the run as a stall if it was long enough, else as content."""
    if is_stalled(state):
        state.stalls += 1
    elif state.stall_run_events:
        state.content = state.content.plus(state.stall_run)
    state.stall_run, state.stall_run_events = WatchTime(), 0


def add_interval(intervals: list[Interval], new: Interval) -> None:
    """Add an interval to disjoint sorted ones, merging those that it overlaps or touches."""
    low, high = new
    first = bisect_left(intervals, low, key=lambda interval: interval[1])
    last = bisect_right(intervals, high, key=lambda interval: interval[0])
    if overlapping := intervals[first:last]:
        low, high = min(low, overlapping[0][0]), max(high, overlapping[-1][1])
    intervals[first:last] = [(low, high)]
    if len(intervals) > MAX_INTERVALS:
        _merge_closest(intervals)


def _merge_closest(intervals: list[Interval]) -> None:
    gaps = [after[0] - before[1] for before, after in pairwise(intervals)]
    index = gaps.index(min(gaps))
    intervals[index : index + 2] = [(intervals[index][0], intervals[index + 1][1])]


def total_seconds(intervals: list[Interval]) -> float:
    return sum(high - low for low, high in intervals)
