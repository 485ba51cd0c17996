"""What the rules remember of a playback: the state of its player, and sums."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Final, NamedTuple, Self, TypeAlias

from models.clock import Instant
from models.enums import PlayerState


class WatchTime(NamedTuple):
    """A time of content or ads. All times are milliseconds."""

    ms: int = 0
    chapter_ms: int = 0
    """How much of it was inside a chapter."""
    rated_ms: int = 0
    """For how much of it the bitrate was known."""
    bits: float = 0.0
    """The sum of bitrate × milliseconds over that."""

    def plus(self, other: "WatchTime") -> "WatchTime":
        """Both together."""
        return WatchTime(
            self.ms + other.ms,
            self.chapter_ms + other.chapter_ms,
            self.rated_ms + other.rated_ms,
            self.bits + other.bits,
        )


class NamedState(NamedTuple):
    """A state of the player that has a name, such as `fullScreen`."""

    starts: int
    ms: int
    """How long it lasted, without the time that it is open now."""
    since: Instant | None
    """From when on it is open now; null where it is not."""


_ZERO: Final = WatchTime()

Interval: TypeAlias = tuple[float, float]
"""A part of the content, from one playhead to another."""


@dataclass(slots=True)
class PlaybackState:
    """A playback after its newest event. It is written down as JSON: a new field needs a default."""

    ts: Instant
    """The newest event, by the player's clock."""
    playhead: float
    length: float
    """Of the content, in seconds; 0 where it has none."""
    bitrate: float | None = None
    events: int = 0
    """How many happened since the start."""

    player: str = PlayerState.STARTING.value
    in_break: bool = False
    in_ad: bool = False
    in_chapter: bool = False
    names: dict[str, NamedState] = field(default_factory=dict)

    started: bool = False
    completed: bool = False
    furthest: float = 0.0
    """The furthest playhead since the content started."""

    content: WatchTime = _ZERO
    still: WatchTime = _ZERO
    """Content time since the playhead moved last: a stall, if it turns out to be one."""
    still_events: int = 0
    """Events in a row with that playhead, while content plays; 0 where the newest interval was another one."""
    ads: WatchTime = _ZERO
    pause_ms: int = 0
    buffer_ms: int = 0
    seen: list[Interval] = field(default_factory=list)
    """What was played of the content: separate stretches in their order."""

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
        """Another state that begins as this one is."""
        return replace(self, names=dict(self.names), seen=list(self.seen))

    def dump(self) -> dict[str, Any]:
        """As a value of JSON."""
        return {name: getattr(self, name) for name in _FIELDS} | {
            "names": {name: tuple(named) for name, named in self.names.items()},
            **{name: tuple(getattr(self, name)) for name in _WATCH_TIME_FIELDS},
        }

    @classmethod
    def load(cls, dumped: Mapping[str, Any]) -> Self:
        """The state that was dumped."""
        return cls(
            **{
                **dumped,
                "names": {name: NamedState(*named) for name, named in dumped["names"].items()},
                "seen": [(low, high) for low, high in dumped["seen"]],
                **{name: WatchTime(*dumped[name]) for name in _WATCH_TIME_FIELDS},
            }
        )


_FIELDS = tuple(each.name for each in fields(PlaybackState))
_WATCH_TIME_FIELDS = ("content", "still", "ads")
