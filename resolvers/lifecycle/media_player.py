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
from models.kinds.media_event_parameters import BITRATE, STATE_NAME, own_content
from models.kinds.media_events import MediaEventFields, MediaPingFields
from models.kinds.media_parameters import with_prefix
from resolvers.media import Event, Playback

NAMED: Final = (MediaEventType.STATE_START, MediaEventType.STATE_END)
"""The types of events that are about a named state."""


@dataclass(frozen=True, slots=True)
class Report:
    """One event as a client tells it."""

    event: Event
    params: dict[str, Any] | None
    qoe: dict[str, Any] | None
    """Under the documented names."""
    custom_metadata: dict[str, Any] | None
    at: tuple[str, ...]
    """Where it stands in the mutation."""

    @property
    def ts_at(self) -> tuple[str, ...]:
        """Where its time stands."""
        return (*self.at, "playerTime", "ts")

    @property
    def data(self) -> dict[str, Any]:
        """What an activity shows of it."""
        parts = {"params": self.params, "qoe": self.qoe, "customMetadata": self.custom_metadata}
        return {"playhead": self.event.playhead} | {name: part for name, part in parts.items() if part}


def report_of(ping: MediaPingFields | None, what: str, at: tuple[str, ...]) -> tuple[Report, ...]:
    """What the `media` of a keepalive (PING), a hide (HIDE) or a stop (STOP) says, where there is any."""
    if ping is None:
        return ()
    qoe = with_prefix(ping.qoe or {})
    event = Event(ping.player_time.ts, what, ping.player_time.playhead, qoe.get(BITRATE))
    return (Report(event, None, qoe or None, None, (*at, "media")),)


def reports_of(fields: TrackMediaFields, at: tuple[str, ...]) -> tuple[Report, ...]:
    """What the events of a trackMedia say, in the order of the input."""
    return tuple(_report(event, (*at, "events", str(index))) for index, event in enumerate(fields.events))


def _report(given: MediaEventFields, at: tuple[str, ...]) -> Report:
    qoe = with_prefix(given.qoe or {})
    content = own_content(given.type, given.params, qoe)
    event = Event(
        ts=given.player_time.ts,
        type=given.type.value,
        playhead=given.player_time.playhead,
        bitrate=qoe.get(BITRATE),
        name=content[STATE_NAME] if given.type in NAMED else "",
        digest=_digest(content) if content else "",
    )
    return Report(event, given.params or None, qoe or None, given.custom_metadata or None, at)


def _digest(content: dict[str, Any]) -> str:
    """128 bits of SHA-256 of parameters. JSON has one number for 15 and 15.0."""
    plain = {
        name: int(value) if isinstance(value, float) and value.is_integer() else value
        for name, value in content.items()
    }
    return hashlib.sha256(canonical(plain)).hexdigest()[:32]


@dataclass(slots=True)
class Player:
    """What is remembered of a player, and the rows that calls add to its record."""

    playback: Playback
    arrived: int = 0
    """How many events, late ones included."""
    qoe_ts: dict[str, Instant] = field(default_factory=dict)
    """From when each quality of experience is; where it is from the start, it is not here."""
    rows: list[dict[str, Any]] = field(default_factory=list)
    """Of `media_event`, without the session."""

    def keep(self, report: Report, now: Instant, *, late: bool) -> None:
        """Put a report on record."""
        self.arrived += 1
        event = report.event
        self.rows.append(
            {
                "ts": event.ts,
                "type": event.type,
                "digest": event.digest,
                "number": self.arrived,
                "late": late,
                "playhead": event.playhead,
                "params": report.params,
                "qoe": report.qoe,
                "custom_metadata": report.custom_metadata,
                "received_at": now,
            }
        )
