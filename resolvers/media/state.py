"""State of a playback: player events, and what the rules keep of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Final, NamedTuple, Self, TypeAlias

from models.clock import Instant
from models.enums import PlayerState
from models.kinds.media_event_parameters import BITRATE
from models.tables.rows import Session

HIDE: Final = "HIDE"
STOP: Final = "STOP"
"""Event types of the pings that hideSession and stopSession carry."""

EventKey: TypeAlias = tuple[Instant, str, str]
"""Identity of an event within its session: `ts`, type, digest of its parameters."""

Interval: TypeAlias = tuple[float, float]
"""A part of the content, from one playhead to another."""


class Event(NamedTuple):
    ts: Instant
    """By the player's clock."""
    type: str
    """A `models.enums.MediaEventType`, or HIDE or STOP."""
    playhead: float
    """Seconds from the start of the content; of a live stream, the second of the day."""
    bitrate: float | None = None
    """In the client's unit; null: unchanged."""
    name: str = ""
    """Of a named state that starts or ends."""
    digest: str = ""
    """Of its parameters; empty without any."""

    @property
    def key(self) -> EventKey:
        return self.ts, self.type, self.digest


class WatchTime(NamedTuple):
    """Milliseconds of content or ads."""

    ms: int = 0
    chapter_ms: int = 0
    """Part of `ms` inside a chapter."""
    rated_ms: int = 0
    """Part of `ms` with a known bitrate."""
    bits: float = 0.0
    """Sum of bitrate × milliseconds over `rated_ms`."""

    def plus(self, other: "WatchTime") -> "WatchTime":
        return WatchTime(
            self.ms + other.ms,
            self.chapter_ms + other.chapter_ms,
            self.rated_ms + other.rated_ms,
            self.bits + other.bits,
        )


class NamedState(NamedTuple):
    """A state of the player with a name, such as `fullScreen`."""

    starts: int
    ms: int
    """Duration, without the time since `since`."""
    since: Instant | None
    """When it was opened; null while closed."""


_ZERO: Final = WatchTime()


@dataclass(slots=True)
class PlaybackState:
    """A playback after its newest event. Stored as JSON: a new field needs a default."""

    ts: Instant
    """Of the newest event, by the player's clock."""
    playhead: float
    length: float
    """Of the content, in seconds; 0 if it has none."""
    bitrate: float | None = None
    events: int = 0
    """Number of events since the start."""

    player: str = PlayerState.STARTING.value
    in_break: bool = False
    in_ad: bool = False
    in_chapter: bool = False
    named_states: dict[str, NamedState] = field(default_factory=dict)

    started: bool = False
    completed: bool = False
    max_playhead: float = 0.0
    """Since the content started."""

    content: WatchTime = _ZERO
    stall_run: WatchTime = _ZERO
    """Content time since the playhead moved last: a stall, if it becomes long enough."""
    stall_run_events: int = 0
    """Consecutive content events with that playhead; 0 outside a run."""
    ads: WatchTime = _ZERO
    pause_ms: int = 0
    buffer_ms: int = 0
    watched_intervals: list[Interval] = field(default_factory=list)
    """Disjoint and sorted."""

    ad_starts: int = 0
    ad_completes: int = 0
    chapter_starts: int = 0
    chapter_completes: int = 0
    pauses: int = 0
    buffers: int = 0
    stalls: int = 0
    errors: int = 0
    bitrate_changes: int = 0

    def copy(self) -> Self:
        return replace(self, named_states=dict(self.named_states), watched_intervals=list(self.watched_intervals))

    def dump(self) -> dict[str, Any]:
        """Convert to JSON values, under the stored names."""
        return {stored: getattr(self, name) for name, stored in _STORED_NAMES.items()} | {
            "names": {name: tuple(named) for name, named in self.named_states.items()},
            **{_STORED_NAMES[name]: tuple(getattr(self, name)) for name in _WATCH_TIME_FIELDS},
        }

    @classmethod
    def load(cls, dumped: Mapping[str, Any]) -> Self:
        values = {name: dumped[stored] for name, stored in _STORED_NAMES.items() if stored in dumped}
        values |= {
            "named_states": {name: NamedState(*named) for name, named in values["named_states"].items()},
            "watched_intervals": [(low, high) for low, high in values["watched_intervals"]],
            **{name: WatchTime(*values[name]) for name in _WATCH_TIME_FIELDS},
        }
        return cls(**values)


# Databases hold states under the names on the right: a change of one needs a migration.
_STORED_NAMES: Final = {each.name: each.name for each in fields(PlaybackState)} | {
    "named_states": "names",
    "max_playhead": "furthest",
    "stall_run": "still",
    "stall_run_events": "still_events",
    "watched_intervals": "seen",
}
_WATCH_TIME_FIELDS: Final = ("content", "stall_run", "ads")


def initial_state(s: Session) -> PlaybackState:
    """Make the state of a MEDIA session without events."""
    details = s.details
    ts = details["start_ts"] if s.player_ts is None else s.player_ts
    return PlaybackState(ts, s.playhead or 0.0, details["length"], details["qoe"].get(BITRATE))
