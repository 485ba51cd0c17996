"""Inputs of a media player: its pings and its documented events."""

from collections.abc import Iterator
from typing import Annotated, Final

from pydantic import Field

from models.clock import Instant
from models.enums import MediaEventType
from models.kinds.base import JsonObject, KindFields, Unit
from models.kinds.media_event_parameters import event_problems
from models.kinds.media_parameters import QOE_DESCRIPTION, metadata_problems, qoe_problems, with_qoe_prefix
from models.problems import Problem

MAX_EVENTS: Final = 100
"""Events per call."""

METADATA_EVENTS: Final = (MediaEventType.AD_START, MediaEventType.CHAPTER_START)


class PlayerTimeFields(KindFields):
    playhead: Annotated[float, Field(ge=0, allow_inf_nan=False), Unit("seconds")] = Field(
        description="Playhead in seconds from the start of the content, at least 0; for a live stream, the second "
        "of the day."
    )
    ts: Instant = Field(
        description="Client time of the event, not before the start's `ts`. The client time since the start may "
        "exceed the server time since the start by at most 60 s. It orders and measures; it never ends a session."
    )


class MediaPingFields(KindFields):
    player_time: PlayerTimeFields = Field(description="Playhead and client time of the event.")
    qoe: JsonObject | None = Field(default=None, description=QOE_DESCRIPTION)

    def find_problems(self) -> Iterator[Problem]:
        yield from qoe_problems(("qoe",), self.qoe)


class MediaEventFields(KindFields):
    type: MediaEventType = Field(description="Type of the event.")
    player_time: PlayerTimeFields = Field(description="Playhead and client time of the event.")
    params: JsonObject | None = Field(
        default=None,
        description="Documented parameters of the type under their documented names, such as `media.ad.id`; others "
        "are refused. Use a variable: a GraphQL literal cannot have names with dots.",
    )
    qoe: JsonObject | None = Field(
        default=None,
        description="Quality of experience, as in a ping; a BITRATE_CHANGE needs `bitrate`.",
    )
    custom_metadata: JsonObject | None = Field(
        default=None,
        description="For AD_START and CHAPTER_START: at most 50 custom strings, as at the start.",
    )

    def find_problems(self) -> Iterator[Problem]:
        yield from event_problems(self.type, self.params, with_qoe_prefix(self.qoe or {}))
        yield from qoe_problems(("qoe",), self.qoe)
        if self.custom_metadata and self.type not in METADATA_EVENTS:
            yield Problem(("customMetadata",), f"must be set for {' and '.join(METADATA_EVENTS)} only, not {self.type}")
        else:
            yield from metadata_problems(("customMetadata",), self.custom_metadata)
