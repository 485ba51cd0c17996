"""What the time between two events counts for."""

from enum import Enum, auto
from typing import Final

from models.clock import SECOND, to_seconds
from models.enums import PlayerState
from resolvers.media.event import Event
from resolvers.media.state import PlaybackState, WatchTime
from resolvers.media.stretches import add_interval

STALL_MIN_EVENTS: Final = 3
"""Events in a row with one playhead, while content plays, that make a stall."""
STALL_MIN_MS: Final = SECOND
"""How long they last at least."""
MAX_PLAYBACK_RATE: Final = 2
"""How many times faster than the clock the playhead may go without being thought to have been moved by hand."""
SEEK_TOLERANCE_SECONDS: Final = 2.0
"""How far ahead of that it may be."""


class Phase(Enum):
    """What is going on, as far as time is counted."""

    PAUSE = auto()
    BUFFERING = auto()
    AD = auto()
    CONTENT = auto()
    UNCOUNTED = auto()


def current_phase(state: PlaybackState) -> Phase:
    """What is going on after the newest event."""
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
    """Content plays: the playhead moves on, is moved, or stands still."""
    watch_time = _watch_time(state, ms, in_chapter=state.in_chapter)
    if event.playhead == state.playhead:
        state.still = state.still.plus(watch_time)
        state.still_events = max(state.still_events, 1) + 1
        return
    close_stall_run(state)
    state.content = state.content.plus(watch_time)
    if state.playhead < event.playhead <= state.playhead + MAX_PLAYBACK_RATE * to_seconds(ms) + SEEK_TOLERANCE_SECONDS:
        add_interval(state.seen, (state.playhead, event.playhead))


def _watch_time(state: PlaybackState, ms: int, *, in_chapter: bool) -> WatchTime:
    chapter_ms = ms if in_chapter else 0
    if state.bitrate is None:
        return WatchTime(ms, chapter_ms)
    return WatchTime(ms, chapter_ms, ms, state.bitrate * ms)


def is_stalled(state: PlaybackState) -> bool:
    """Whether the playhead stands still, and has done so for long enough."""
    return state.still_events >= STALL_MIN_EVENTS and state.still.ms >= STALL_MIN_MS


def close_stall_run(state: PlaybackState) -> None:
    """The playhead moved, or content no longer plays: what stood still was a stall, or content after all."""
    if is_stalled(state):
        state.stalls += 1
    elif state.still_events:
        state.content = state.content.plus(state.still)
    state.still, state.still_events = WatchTime(), 0
