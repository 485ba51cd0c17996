"""What the player of a MEDIA session reports while it goes on: pings, and the documented events."""

from collections.abc import Iterator
from typing import Annotated, Final

from pydantic import Field

from models.clock import Instant
from models.enums import MediaEventType
from models.kinds.base import JsonObject, KindFields
from models.kinds.media_event_parameters import event_problems
from models.kinds.media_parameters import metadata_problems, qoe_problems, with_qoe_prefix
from models.problems import Problem

MAX_EVENTS: Final = 100
"""Events of one call."""

METADATA_EVENTS: Final = (MediaEventType.AD_START, MediaEventType.CHAPTER_START)


class PlayerTimeFields(KindFields):
    """Where the player was, and when."""

    playhead: Annotated[float, Field(ge=0, allow_inf_nan=False)] = Field(
        description="The playhead in seconds from the start of the content, at least 0; for a live stream the "
        "second of the day."
    )
    ts: Instant = Field(
        description="The client's own clock at that moment: not before the start's `ts`, and at most 60 s further from "
        "it than the server's clock is from the start. It orders and measures; it never ends a session."
    )


class MediaPingFields(KindFields):
    """A sign of life of the player."""

    player_time: PlayerTimeFields = Field(description="Where the player was, and when.")
    qoe: JsonObject | None = Field(
        default=None,
        description="Quality of experience: the documented keys, whose prefix `media.qoe.` may be left out, "
        "and free ones; at most 50 and 16 KiB in a session.",
    )

    def find_problems(self) -> Iterator[Problem]:
        yield from qoe_problems(("qoe",), self.qoe)


class MediaEventFields(KindFields):
    """One event of the player."""

    type: MediaEventType = Field(description="What happened.")
    player_time: PlayerTimeFields = Field(description="Where the player was, and when.")
    params: JsonObject | None = Field(
        default=None,
        description="The documented parameters of this type under their documented names, such as `media.ad.id`; "
        "others are refused. To be given as a variable: a document has no way to write a name with dots.",
    )
    qoe: JsonObject | None = Field(
        default=None,
        description="Quality of experience, as in a ping; a BITRATE_CHANGE needs `bitrate`.",
    )
    custom_metadata: JsonObject | None = Field(
        default=None,
        description="On AD_START and CHAPTER_START: up to 50 values of your own, as on a start.",
    )

    def find_problems(self) -> Iterator[Problem]:
        yield from event_problems(self.type, self.params, with_qoe_prefix(self.qoe or {}))
        yield from qoe_problems(("qoe",), self.qoe)
        if self.custom_metadata and self.type not in METADATA_EVENTS:
            yield Problem(("customMetadata",), "only AD_START and CHAPTER_START take it")
        else:
            yield from metadata_problems(("customMetadata",), self.custom_metadata)
