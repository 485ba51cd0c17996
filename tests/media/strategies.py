"""Hypothesis strategies of player timelines, mostly plausible, and of their arrival in calls."""

from collections.abc import Callable
from itertools import pairwise
from typing import Final

from hypothesis import strategies as st

from models.enums import MediaEventType
from tests.media.reference_metrics import SentEvent

MINUTE: Final = 60_000
START: Final = 1_780_000_000_000
"""`ts` of the session's start."""

GAPS: Final = st.sampled_from(
    [0, 0, 1, 300, 999, 1000, 1000, 2000, 5000, 10_000, 10_000, 25_000, 59_999, 60_000, 60_001]
)
PLAYHEAD_MOVES: Final = st.sampled_from(["play", "play", "play", "stand", "stand", "seek", "fast", "back"])
_WEIGHTS: Final = {"PING": 5, "PLAY": 3, "AD_BREAK_START": 2, "AD_START": 2, "STATE_START": 2}
TYPES: Final = st.sampled_from([type_ for type_ in [*MediaEventType, "HIDE"] for _ in range(_WEIGHTS.get(type_, 1))])
BITRATES: Final = st.sampled_from([0, 1200, 2500, 5000])
NAMES: Final = st.sampled_from(["fullScreen", "mute", "pictureInPicture"])
MANY_NAMES: Final = st.integers(0, 13).map(str)
LENGTHS: Final = st.sampled_from([0, 60.333, 120, 3600, 86_400])

_MOVE_PLAYHEAD: Final[dict[str, Callable[[float, int], float]]] = {
    "play": lambda playhead, gap: playhead + gap / 1000,
    "stand": lambda playhead, _: playhead,
    "seek": lambda playhead, gap: playhead + 2 * gap / 1000 + 2.001,
    "fast": lambda playhead, gap: playhead + 2 * gap / 1000 + 2,
    "back": lambda playhead, _: max(0.0, playhead - 7),
}


@st.composite
def timelines(draw: st.DrawFn, max_events: int = 40) -> list[SentEvent]:
    names = draw(st.sampled_from([NAMES, MANY_NAMES]))
    ts, playhead = START, draw(st.sampled_from([0.0, 0.0, 30.5, 43_200.0]))
    events = []
    for type_ in draw(st.lists(TYPES, max_size=max_events)):
        gap = draw(GAPS)
        ts += gap
        playhead = round(_MOVE_PLAYHEAD[draw(PLAYHEAD_MOVES)](playhead, gap), 3)
        has_bitrate = type_ == "BITRATE_CHANGE" or draw(st.integers(0, 9)) == 0
        name = draw(names) if type_.startswith("STATE") else ""
        label = draw(st.sampled_from("ab")) if type_ in ("AD_START", "CHAPTER_START", "ERROR") else ""
        events.append(SentEvent(ts, str(type_), playhead, draw(BITRATES) if has_bitrate else None, name, label))
    return events


@st.composite
def arrivals(draw: st.DrawFn, timeline: list[SentEvent]) -> list[list[SentEvent]]:
    """Distribute events over calls: each up to a minute late, some duplicated."""
    delays = st.sampled_from([0, 0, 0, 1, 1000, 10_000, 59_999, MINUTE])
    sent = [(event.ts + draw(delays), event) for event in timeline]
    sent += [
        (at + draw(st.sampled_from([0, 1000, 10 * MINUTE])), event)
        for at, event in sent
        if draw(st.integers(0, 5)) == 0
    ]
    ordered = [event for _, event in sorted(sent, key=lambda pair: pair[0])]
    cuts = sorted(draw(st.lists(st.integers(0, len(ordered)), max_size=len(ordered))))
    edges = [0, *cuts, len(ordered)]
    return [ordered[low:high] for low, high in pairwise(edges)]
