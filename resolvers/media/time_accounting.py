"""What the time between two events counts for."""

from enum import Enum, auto
from typing import Final

from models.clock import SECOND, seconds
from models.enums import PlayerState
from resolvers.media.event import Event
from resolvers.media.state import State, Watched
from resolvers.media.stretches import add_stretch

STALL_EVENTS: Final = 3
"""Events in a row with one playhead, while content plays, that make a stall."""
STALL_MS: Final = SECOND
"""How long they last at least."""
SEEK_RATE: Final = 2
"""How many times faster than the clock the playhead may go without being thought to have been moved by hand."""
SEEK_SECONDS: Final = 2.0
"""How far ahead of that it may be."""


class Doing(Enum):
    """What is going on, as far as time is counted."""

    PAUSE = auto()
    BUFFERING = auto()
    AD = auto()
    CONTENT = auto()
    NOTHING = auto()


def doing(state: State) -> Doing:
    """What is going on after the newest event."""
    if state.player == PlayerState.PAUSED:
        return Doing.PAUSE
    if state.player == PlayerState.BUFFERING:
        return Doing.BUFFERING
    if state.in_ad:
        return Doing.AD
    if state.in_break or state.player == PlayerState.STARTING:
        return Doing.NOTHING
    return Doing.CONTENT


def pass_time(state: State, event: Event) -> None:
    """Count the time from the newest event to the next one."""
    ms = event.ts - state.ts
    now = doing(state)
    if now is Doing.CONTENT:
        _watch(state, event, ms)
        return
    end_stillness(state)
    match now:
        case Doing.PAUSE:
            state.pause_ms += ms
        case Doing.BUFFERING:
            state.buffer_ms += ms
        case Doing.AD:
            state.ads = state.ads.plus(_watched(state, ms, in_chapter=False))


def _watch(state: State, event: Event, ms: int) -> None:
    """Content plays: the playhead moves on, is moved, or stands still."""
    watched = _watched(state, ms, in_chapter=state.in_chapter)
    if event.playhead == state.playhead:
        state.still = state.still.plus(watched)
        state.still_events = max(state.still_events, 1) + 1
        return
    end_stillness(state)
    state.content = state.content.plus(watched)
    if state.playhead < event.playhead <= state.playhead + SEEK_RATE * seconds(ms) + SEEK_SECONDS:
        add_stretch(state.seen, (state.playhead, event.playhead))


def _watched(state: State, ms: int, *, in_chapter: bool) -> Watched:
    chapter_ms = ms if in_chapter else 0
    if state.bitrate is None:
        return Watched(ms, chapter_ms)
    return Watched(ms, chapter_ms, ms, state.bitrate * ms)


def is_stall(state: State) -> bool:
    """Whether the playhead stands still, and has done so for long enough."""
    return state.still_events >= STALL_EVENTS and state.still.ms >= STALL_MS


def end_stillness(state: State) -> None:
    """The playhead moved, or content no longer plays: what stood still was a stall, or content after all."""
    if is_stall(state):
        state.stalls += 1
    elif state.still_events:
        state.content = state.content.plus(state.still)
    state.still, state.still_events = Watched(), 0
