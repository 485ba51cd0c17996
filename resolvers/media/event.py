"""What the rules need of an event."""

from typing import NamedTuple, TypeAlias

from models.clock import Instant

Key: TypeAlias = tuple[Instant, str, str]
"""By what an event is known again: `ts`, type, digest of its parameters."""


class Event(NamedTuple):
    """One report of a player: what, when and where.

    The type is a `models.words.MediaEventType`, or HIDE or STOP: the place that the call of that name tells of.
    """

    ts: Instant
    """By the player's own clock."""
    type: str
    playhead: float
    """Seconds from the start of the content; of a live stream the second of the day."""
    bitrate: float | None = None
    """From now on, where the event says so; bits per second in the unit of the client's choice."""
    name: str = ""
    """Of a named state that begins or ends."""
    digest: str = ""
    """Of its parameters; empty where it has none."""

    @property
    def key(self) -> Key:
        """By what it is known again."""
        return self.ts, self.type, self.digest
