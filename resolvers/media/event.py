"""What the rules need of an event."""

from typing import Final, NamedTuple, TypeAlias

from models.clock import Instant

HIDE: Final = "HIDE"
STOP: Final = "STOP"
"""What hideSession and stopSession tell of a player: where it is, as a ping does."""

EventKey: TypeAlias = tuple[Instant, str, str]
"""By what an event is known again: `ts`, type, digest of its parameters."""


class Event(NamedTuple):
    """One report of a player: what, when and where."""

    ts: Instant
    """By the player's own clock."""
    type: str
    """A `models.enums.MediaEventType`, or HIDE or STOP."""
    playhead: float
    """Seconds from the start of the content; of a live stream the second of the day."""
    bitrate: float | None = None
    """From now on, where the event says so; in the unit of the client's choice."""
    name: str = ""
    """Of a named state that begins or ends."""
    digest: str = ""
    """Of its parameters; empty where it has none."""

    @property
    def key(self) -> EventKey:
        """By what it is known again."""
        return self.ts, self.type, self.digest
