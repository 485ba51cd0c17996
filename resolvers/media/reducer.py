"""How one event changes a playback: time goes by till it happens, it happens, and the player is where it says."""

from collections.abc import Callable
from typing import Final

from models.enums import EventFlag, MediaEventType, PlayerState
from resolvers.media.event import Event
from resolvers.media.state import NamedState, State
from resolvers.media.time_accounting import pass_time

MAX_STATES: Final = 10
"""Distinct named states of one session."""


def step(state: State, event: Event) -> EventFlag | None:
    """Let an event happen to a playback; why it does not count, if so.

    Args:
        state: after the event before; it becomes the state after this one.
        event: not older than the event before.
    """
    pass_time(state, event)
    flag = flag_of(state, event)
    if flag is None and (happening := HAPPENINGS.get(event.type)) is not None:
        happening(state, event)
    _look(state, event)
    return flag


def flag_of(state: State, event: Event) -> EventFlag | None:
    """Why an event that comes next can only be kept, not counted; null where nothing forbids it."""
    match event.type:
        case MediaEventType.AD_START if not state.in_break:
            return EventFlag.OUTSIDE_BREAK
        case MediaEventType.STATE_START if event.name not in state.names and len(state.names) >= MAX_STATES:
            return EventFlag.TOO_MANY_STATES
        case _ if _closes_nothing(state, event):
            return EventFlag.CLOSES_NOTHING
    return None


def _closes_nothing(state: State, event: Event) -> bool:
    match event.type:
        case MediaEventType.AD_BREAK_COMPLETE:
            return not state.in_break
        case MediaEventType.AD_COMPLETE | MediaEventType.AD_SKIP:
            return not state.in_ad
        case MediaEventType.CHAPTER_COMPLETE | MediaEventType.CHAPTER_SKIP:
            return not state.in_chapter
        case MediaEventType.STATE_END:
            return event.name not in state.names or state.names[event.name].since is None
    return False


# ---- what happens ----


def _play(state: State, _event: Event) -> None:
    state.player = PlayerState.PLAYING.value


def _pause(state: State, _event: Event) -> None:
    state.player = PlayerState.PAUSED.value
    state.pauses += 1


def _buffer(state: State, _event: Event) -> None:
    state.player = PlayerState.BUFFERING.value
    state.buffers += 1


def _begin_break(state: State, _event: Event) -> None:
    state.in_break, state.in_ad = True, False


def _end_break(state: State, _event: Event) -> None:
    state.in_break = state.in_ad = False


def _begin_ad(state: State, _event: Event) -> None:
    state.in_ad = True
    state.ad_starts += 1


def _complete_ad(state: State, _event: Event) -> None:
    state.in_ad = False
    state.ad_completes += 1


def _skip_ad(state: State, _event: Event) -> None:
    state.in_ad = False


def _begin_chapter(state: State, _event: Event) -> None:
    state.in_chapter = True
    state.chapter_starts += 1


def _complete_chapter(state: State, _event: Event) -> None:
    state.in_chapter = False
    state.chapter_completes += 1


def _skip_chapter(state: State, _event: Event) -> None:
    state.in_chapter = False


def _begin_state(state: State, event: Event) -> None:
    starts, ms, since = state.names.get(event.name, NamedState(0, 0, None))
    state.names[event.name] = NamedState(starts + 1, ms, event.ts if since is None else since)


def _end_state(state: State, event: Event) -> None:
    starts, ms, since = state.names[event.name]
    state.names[event.name] = NamedState(starts, ms if since is None else ms + event.ts - since, None)


def _change_bitrate(state: State, _event: Event) -> None:
    state.bitrate_changes += 1


def _fail(state: State, _event: Event) -> None:
    state.errors += 1


def _complete(state: State, _event: Event) -> None:
    state.completed = True


HAPPENINGS: Final[dict[str, Callable[[State, Event], None]]] = {
    MediaEventType.PLAY.value: _play,
    MediaEventType.PAUSE_START.value: _pause,
    MediaEventType.BUFFER_START.value: _buffer,
    MediaEventType.AD_BREAK_START.value: _begin_break,
    MediaEventType.AD_BREAK_COMPLETE.value: _end_break,
    MediaEventType.AD_START.value: _begin_ad,
    MediaEventType.AD_COMPLETE.value: _complete_ad,
    MediaEventType.AD_SKIP.value: _skip_ad,
    MediaEventType.CHAPTER_START.value: _begin_chapter,
    MediaEventType.CHAPTER_COMPLETE.value: _complete_chapter,
    MediaEventType.CHAPTER_SKIP.value: _skip_chapter,
    MediaEventType.STATE_START.value: _begin_state,
    MediaEventType.STATE_END.value: _end_state,
    MediaEventType.BITRATE_CHANGE.value: _change_bitrate,
    MediaEventType.ERROR.value: _fail,
    MediaEventType.SESSION_COMPLETE.value: _complete,
}
"""What each type of event does. PING, and the HIDE and STOP of the calls, only say where the player is."""


def _look(state: State, event: Event) -> None:
    """The player is where the event says."""
    state.ts = event.ts
    state.playhead = event.playhead
    state.events += 1
    if event.bitrate is not None:
        state.bitrate = event.bitrate
    if state.player == PlayerState.PLAYING and not state.in_break:
        state.started = True
    if state.started:
        state.furthest = max(state.furthest, state.playhead)
