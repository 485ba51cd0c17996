"""Player events of a MEDIA session, from pings and from trackMedia, and the player's state in a transaction."""

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
from resolvers.media.reorder_buffer import ReorderBuffer
from resolvers.media.state import Event

NAMED_STATE_EVENTS: Final = (MediaEventType.STATE_START, MediaEventType.STATE_END)


@dataclass(frozen=True, slots=True)
class PlayerEvent:
    """One event as a client sent it."""

    event: Event
    params: dict[str, Any] | None
    qoe: dict[str, Any] | None
    """Under the documented names, with prefix."""
    custom_metadata: dict[str, Any] | None
    input_path: tuple[str, ...]

    @property
    def ts_path(self) -> tuple[str, ...]:
        return (*self.input_path, "playerTime", "ts")

    @property
    def activity_data(self) -> dict[str, Any]:
        parts = {"params": self.params, "qoe": self.qoe, "customMetadata": self.custom_metadata}
        return {"playhead": self.event.playhead} | {name: part for name, part in parts.items() if part}


def event_from_ping(ping: MediaPingFields, event_type: str, input_path: tuple[str, ...]) -> PlayerEvent:
    """Convert the `media` of a keepalive (PING), hide (HIDE) or stop (STOP)."""
    qoe = with_qoe_prefix(ping.qoe or {})
    event = Event(ping.player_time.ts, event_type, ping.player_time.playhead, qoe.get(BITRATE))
    return PlayerEvent(event, None, qoe or None, None, input_path)


def events_from_input(fields: TrackMediaFields, input_path: tuple[str, ...]) -> tuple[PlayerEvent, ...]:
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
    """Hash parameters to 128 bits. 15 and 15.0 are one JSON number, so they must hash alike."""
    normalized = {
        name: int(value) if isinstance(value, float) and value.is_integer() else value
        for name, value in identity.items()
    }
    return hashlib.sha256(canonical(normalized)).hexdigest()[:32]


@dataclass(slots=True)
class MediaPlayer:
    reorder_buffer: ReorderBuffer
    event_count: int = 0
    """Events received, late ones included."""
    qoe_ts: dict[str, Instant] = field(default_factory=dict)
    """Time of the newest value of each quality-of-experience name; absent if that is from the start."""
    new_rows: list[dict[str, Any]] = field(default_factory=list)
    """Of table `media_event`, without the session id."""

    def append_row(self, player_event: PlayerEvent, now: Instant, *, late: bool) -> None:
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
