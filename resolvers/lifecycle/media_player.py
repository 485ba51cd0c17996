"""The player of a MEDIA session while a transaction changes it, and what it reports.

A report has one form, whatever it came with: a ping of a keepalive, the place that a hide or a stop tells of, an event
of trackMedia. Nothing here touches the database; `resolvers.lifecycle.player_repository` reads and writes it.
"""

import hashlib
from dataclasses import dataclass, field
from typing import Any, Final

from models.clock import Instant
from models.enums import MediaEventType
from models.json import canonical
from models.kinds.commands import TrackMediaFields
from models.kinds.media_event_parameters import BITRATE, STATE_NAME, identity_params
from models.kinds.media_events import MediaEventFields, MediaPingFields
from models.kinds.media_parameters import with_qoe_prefix
from resolvers.media import Event, ReorderBuffer

NAMED_STATE_EVENTS: Final = (MediaEventType.STATE_START, MediaEventType.STATE_END)
"""The types of events that are about a named state."""


@dataclass(frozen=True, slots=True)
class PlayerEvent:
    """One event as a client tells it."""

    event: Event
    params: dict[str, Any] | None
    qoe: dict[str, Any] | None
    """Under the documented names."""
    custom_metadata: dict[str, Any] | None
    input_path: tuple[str, ...]
    """Where it stands in the mutation."""

    @property
    def ts_path(self) -> tuple[str, ...]:
        """Where its time stands."""
        return (*self.input_path, "playerTime", "ts")

    @property
    def activity_data(self) -> dict[str, Any]:
        """What an activity shows of it."""
        parts = {"params": self.params, "qoe": self.qoe, "customMetadata": self.custom_metadata}
        return {"playhead": self.event.playhead} | {name: part for name, part in parts.items() if part}


def event_from_ping(
    ping: MediaPingFields | None, event_type: str, input_path: tuple[str, ...]
) -> tuple[PlayerEvent, ...]:
    """What the `media` of a keepalive (PING), a hide (HIDE) or a stop (STOP) says, where there is any."""
    if ping is None:
        return ()
    qoe = with_qoe_prefix(ping.qoe or {})
    event = Event(ping.player_time.ts, event_type, ping.player_time.playhead, qoe.get(BITRATE))
    return (PlayerEvent(event, None, qoe or None, None, (*input_path, "media")),)


def events_from_input(fields: TrackMediaFields, input_path: tuple[str, ...]) -> tuple[PlayerEvent, ...]:
    """What the events of a trackMedia say, in the order of the input."""
    return tuple(
        _event_from_input(event, (*input_path, "events", str(index))) for index, event in enumerate(fields.events)
    )


def _event_from_input(fields: MediaEventFields, input_path: tuple[str, ...]) -> PlayerEvent:
    qoe = with_qoe_prefix(fields.qoe or {})
    identity = identity_params(fields.type, fields.params, qoe)
    event = Event(
        ts=fields.player_time.ts,
        type=fields.type.value,
        playhead=fields.player_time.playhead,
        bitrate=qoe.get(BITRATE),
        name=identity[STATE_NAME] if fields.type in NAMED_STATE_EVENTS else "",
        digest=_digest(identity) if identity else "",
    )
    return PlayerEvent(event, fields.params or None, qoe or None, fields.custom_metadata or None, input_path)


def _digest(identity: dict[str, Any]) -> str:
    """128 bits of SHA-256 of parameters. JSON has one number for 15 and 15.0."""
    normalized = {
        name: int(value) if isinstance(value, float) and value.is_integer() else value
        for name, value in identity.items()
    }
    return hashlib.sha256(canonical(normalized)).hexdigest()[:32]


@dataclass(slots=True)
class MediaPlayer:
    """What is remembered of a player, and the rows that calls add to its record."""

    reorder_buffer: ReorderBuffer
    event_count: int = 0
    """How many events, late ones included."""
    qoe_ts: dict[str, Instant] = field(default_factory=dict)
    """From when each quality of experience is; where it is from the start, it is not here."""
    new_rows: list[dict[str, Any]] = field(default_factory=list)
    """Of `media_event`, without the session."""

    def append_row(self, player_event: PlayerEvent, now: Instant, *, late: bool) -> None:
        """Put a report on record."""
        self.event_count += 1
        event = player_event.event
        self.new_rows.append(
            {
                "ts": event.ts,
                "type": event.type,
                "digest": event.digest,
                "number": self.event_count,
                "late": late,
                "playhead": event.playhead,
                "params": player_event.params,
                "qoe": player_event.qoe,
                "custom_metadata": player_event.custom_metadata,
                "received_at": now,
            }
        )
