"""Reducer of player events: how one event changes the state of a playback."""

from collections.abc import Callable
from typing import Final

from models.enums import EventFlag, MediaEventType, PlayerState
from resolvers.media.state import Event, NamedState, PlaybackState
from resolvers.media.time_accounting import accrue

MAX_NAMED_STATES: Final = 10


def reduce_event(state: PlaybackState, event: Event) -> EventFlag | None:
    """Apply an event, which must not be older than the previous one, to the state in place.

    Returns why the event is recorded and not counted, null if it is counted.
    """
    accrue(state, event)
    flag = flag_for(state, event)
    if flag is None and (reducer := REDUCERS.get(event.type)) is not None:
        reducer(state, event)
    _update_position(state, event)
    return flag


def flag_for(state: PlaybackState, event: Event) -> EventFlag | None:
    match event.type:
        case MediaEventType.AD_START if not state.in_break:
            return EventFlag.OUTSIDE_BREAK
        case MediaEventType.STATE_START if (
            event.name not in state.named_states and len(state.named_states) >= MAX_NAMED_STATES
        ):
            return EventFlag.TOO_MANY_STATES
        case _ if _is_unmatched_close(state, event):
            return EventFlag.CLOSES_NOTHING
    return None


def _is_unmatched_close(state: PlaybackState, event: Event) -> bool:
    match event.type:
        case MediaEventType.AD_BREAK_COMPLETE:
            return not state.in_break
        case MediaEventType.AD_COMPLETE | MediaEventType.AD_SKIP:
            return not state.in_ad
        case MediaEventType.CHAPTER_COMPLETE | MediaEventType.CHAPTER_SKIP:
            return not state.in_chapter
        case MediaEventType.STATE_END:
            return event.name not in state.named_states or state.named_states[event.name].since is None
    return False


def _on_play(state: PlaybackState, _event: Event) -> None:
    state.player = PlayerState.PLAYING.value


def _on_pause_start(state: PlaybackState, _event: Event) -> None:
    state.player = PlayerState.PAUSED.value
    state.pauses += 1


def _on_buffer_start(state: PlaybackState, _event: Event) -> None:
    state.player = PlayerState.BUFFERING.value
    state.buffers += 1


def _on_break_start(state: PlaybackState, _event: Event) -> None:
    state.in_break, state.in_ad = True, False


def _on_break_complete(state: PlaybackState, _event: Event) -> None:
    state.in_break = state.in_ad = False


def _on_ad_start(state: PlaybackState, _event: Event) -> None:
    state.in_ad = True
    state.ad_starts += 1


def _on_ad_complete(state: PlaybackState, _event: Event) -> None:
    state.in_ad = False
    state.ad_completes += 1


def _on_ad_skip(state: PlaybackState, _event: Event) -> None:
    state.in_ad = False


def _on_chapter_start(state: PlaybackState, _event: Event) -> None:
    state.in_chapter = True
    state.chapter_starts += 1


def _on_chapter_complete(state: PlaybackState, _event: Event) -> None:
    state.in_chapter = False
    state.chapter_completes += 1


def _on_chapter_skip(state: PlaybackState, _event: Event) -> None:
    state.in_chapter = False


def _on_state_start(state: PlaybackState, event: Event) -> None:
    starts, ms, since = state.named_states.get(event.name, NamedState(0, 0, None))
    state.named_states[event.name] = NamedState(starts + 1, ms, event.ts if since is None else since)


def _on_state_end(state: PlaybackState, event: Event) -> None:
    starts, ms, since = state.named_states[event.name]
    state.named_states[event.name] = NamedState(starts, ms if since is None else ms + event.ts - since, None)


def _on_bitrate_change(state: PlaybackState, _event: Event) -> None:
    state.bitrate_changes += 1


def _on_error(state: PlaybackState, _event: Event) -> None:
    state.errors += 1


def _on_session_complete(state: PlaybackState, _event: Event) -> None:
    state.completed = True


REDUCERS: Final[dict[str, Callable[[PlaybackState, Event], None]]] = {
    MediaEventType.PLAY.value: _on_play,
    MediaEventType.PAUSE_START.value: _on_pause_start,
    MediaEventType.BUFFER_START.value: _on_buffer_start,
    MediaEventType.AD_BREAK_START.value: _on_break_start,
    MediaEventType.AD_BREAK_COMPLETE.value: _on_break_complete,
    MediaEventType.AD_START.value: _on_ad_start,
    MediaEventType.AD_COMPLETE.value: _on_ad_complete,
    MediaEventType.AD_SKIP.value: _on_ad_skip,
    MediaEventType.CHAPTER_START.value: _on_chapter_start,
    MediaEventType.CHAPTER_COMPLETE.value: _on_chapter_complete,
    MediaEventType.CHAPTER_SKIP.value: _on_chapter_skip,
    MediaEventType.STATE_START.value: _on_state_start,
    MediaEventType.STATE_END.value: _on_state_end,
    MediaEventType.BITRATE_CHANGE.value: _on_bitrate_change,
    MediaEventType.ERROR.value: _on_error,
    MediaEventType.SESSION_COMPLETE.value: _on_session_complete,
}
"""PING, HIDE and STOP only update the position."""


def _update_position(state: PlaybackState, event: Event) -> None:
    state.ts = event.ts
    state.playhead = event.playhead
    state.events += 1
    if event.bitrate is not None:
        state.bitrate = event.bitrate
    if state.player == PlayerState.PLAYING and not state.in_break:
        state.started = True
    if state.started:
        state.max_playhead = max(state.max_playhead, state.playhead)
