"""Reducer of player events: how one event changes the state of a playback."""

from typing import Any, Final

from models.enums import EventFlag, MediaEventType, PlayerState
from resolvers.media.state import Event, NamedState, PlaybackState
from resolvers.media.time_accounting import accrue

MAX_NAMED_STATES: Final = 10

TRANSITIONS: Final[dict[str, dict[str, Any]]] = {
    MediaEventType.PLAY.value: {"player": PlayerState.PLAYING.value},
    MediaEventType.PAUSE_START.value: {"player": PlayerState.PAUSED.value},
    MediaEventType.BUFFER_START.value: {"player": PlayerState.BUFFERING.value},
    MediaEventType.AD_BREAK_START.value: {"in_break": True, "in_ad": False},
    MediaEventType.AD_BREAK_COMPLETE.value: {"in_break": False, "in_ad": False},
    MediaEventType.AD_START.value: {"in_ad": True},
    MediaEventType.AD_COMPLETE.value: {"in_ad": False},
    MediaEventType.AD_SKIP.value: {"in_ad": False},
    MediaEventType.CHAPTER_START.value: {"in_chapter": True},
    MediaEventType.CHAPTER_COMPLETE.value: {"in_chapter": False},
    MediaEventType.CHAPTER_SKIP.value: {"in_chapter": False},
    MediaEventType.SESSION_COMPLETE.value: {"completed": True},
}
"""Fields of `PlaybackState` that an event sets. PING, HIDE and STOP only update the position."""

COUNTERS: Final = {
    MediaEventType.PAUSE_START.value: "pauses",
    MediaEventType.BUFFER_START.value: "buffers",
    MediaEventType.AD_START.value: "ad_starts",
    MediaEventType.AD_COMPLETE.value: "ad_completes",
    MediaEventType.CHAPTER_START.value: "chapter_starts",
    MediaEventType.CHAPTER_COMPLETE.value: "chapter_completes",
    MediaEventType.BITRATE_CHANGE.value: "bitrate_changes",
    MediaEventType.ERROR.value: "errors",
}
"""Fields of `PlaybackState` that an event increments."""


def reduce_event(state: PlaybackState, event: Event) -> EventFlag | None:
    """Apply an event, which must not be older than the previous one, to the state in place.

    Returns why the event is recorded and not counted, null if it is counted.
    """
    accrue(state, event)
    flag = flag_for(state, event)
    if flag is None:
        _apply(state, event)
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


def _apply(state: PlaybackState, event: Event) -> None:
    for name, value in TRANSITIONS.get(event.type, {}).items():
        setattr(state, name, value)
    if (counter := COUNTERS.get(event.type)) is not None:
        setattr(state, counter, getattr(state, counter) + 1)
    if event.type == MediaEventType.STATE_START:
        _start_named_state(state, event)
    elif event.type == MediaEventType.STATE_END:
        _end_named_state(state, event)


def _start_named_state(state: PlaybackState, event: Event) -> None:
    starts, ms, since = state.named_states.get(event.name, NamedState(0, 0, None))
    state.named_states[event.name] = NamedState(starts + 1, ms, event.ts if since is None else since)


def _end_named_state(state: PlaybackState, event: Event) -> None:
    starts, ms, since = state.named_states[event.name]
    state.named_states[event.name] = NamedState(starts, ms if since is None else ms + event.ts - since, None)


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
