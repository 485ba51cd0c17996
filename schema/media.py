"""What the player of a MEDIA session tells, and the figures of its playback."""

import strawberry

from models.kinds.commands import TrackMediaFields
from models.kinds.media_events import MediaEventFields, MediaPingFields, PlayerTimeFields
from resolvers.context import Context
from resolvers.media import PlaybackMetrics
from schema.enums import MediaEventType
from schema.field_helpers import computed_field
from schema.model_types import input_from


@input_from(PlayerTimeFields, "Where a player was, and when.")
class PlayerTimeInput:
    pass


@input_from(MediaPingFields, "A sign of life of a player.")
class MediaPingInput:
    player_time: PlayerTimeInput


@input_from(
    MediaEventFields,
    "One event of a player. The same type, `ts` and parameters again is the same event, so it is safe to repeat one.",
)
class MediaEventInput:
    type: MediaEventType
    player_time: PlayerTimeInput


@input_from(
    TrackMediaFields,
    "What the player of a MEDIA session tells. Events count in the order of their `ts`, and of one `ts` in that of "
    "their arrival. One that is more than 60 s older than the newest is kept and not counted: problem LATE_EVENT. One "
    "whose `ts` is out of bounds is refused. Neither keeps the others from counting.",
)
class TrackMediaInput:
    id: strawberry.ID
    events: list[MediaEventInput]


@strawberry.type(description="How often and how long the player was in a state that it has a name for.")
class PlayerStateTime:
    name: str = strawberry.field(description="The name, such as `fullScreen`.")
    count: int = strawberry.field(description="How often it began.")
    seconds: float = strawberry.field(
        description="How long it lasted, in seconds; while it is open, to the newest event."
    )


def _states(row: PlaybackMetrics, _context: Context) -> object:
    return row.states


@strawberry.type(
    description="The figures of a playback, from the events of its player by the player's own clock: live while the "
    "session goes on, final once it has ended. Of the time between two events, PAUSED counts as pause, BUFFERING as "
    "buffering; else, while an ad is open, as ad; while a break is open, as nothing; while the player is PLAYING, as "
    "content. Nothing is counted after the newest event."
)
class MediaMetrics:
    content_started: bool = strawberry.field(description="Whether the player was ever PLAYING outside a break for ads.")
    content_completed: bool = strawberry.field(description="Whether there was a SESSION_COMPLETE.")
    content_seconds: float = strawberry.field(description="How long content was played, in seconds, without stalls.")
    media_seconds: float = strawberry.field(description="How long content and ads were played, in seconds.")
    ad_seconds: float = strawberry.field(
        description="How long ads were open and neither paused nor buffering, in seconds."
    )
    ad_starts: int = strawberry.field(description="How many ads began inside a break.")
    ad_completes: int = strawberry.field(
        description="How many ads were seen to their end: neither skipped, nor left open by the end of their break or "
        "the beginning of another ad."
    )
    chapter_seconds: float = strawberry.field(
        description="How much of the content time was inside a chapter, in seconds."
    )
    chapter_starts: int = strawberry.field(description="How many chapters began.")
    chapter_completes: int = strawberry.field(description="How many chapters were seen to their end.")
    pause_count: int = strawberry.field(description="How many PAUSE_START there were.")
    pause_seconds: float = strawberry.field(description="How long the player was PAUSED, in seconds, ads included.")
    buffer_count: int = strawberry.field(description="How many BUFFER_START there were.")
    buffer_seconds: float = strawberry.field(description="How long the player was BUFFERING, in seconds, ads included.")
    stall_count: int = strawberry.field(
        description="How often the playhead stood still while content was to be played: for three events in a row or "
        "more, and a second or more."
    )
    error_count: int = strawberry.field(description="How many ERROR there were.")
    bitrate_changes: int = strawberry.field(description="How many BITRATE_CHANGE there were.")
    average_bitrate: float | None = strawberry.field(
        description="The average of the bitrates in `qoe`, each for as long as content and ads were played with it; "
        "null where none was."
    )
    unique_seconds: float = strawberry.field(
        description="How much of the content was played, in seconds of the playhead, whatever was played twice. What "
        "the playhead passed at more than twice the speed of the clock, and 2 s, was not played but sought through."
    )
    average_minute_audience: float | None = strawberry.field(
        description="The content time as a share of the length; null where the length is 0."
    )
    progress_marks: list[int] = strawberry.field(
        description="Which of 10, 25, 50, 75 and 95 per cent of the length the playhead has reached since the content "
        "started; seeking ahead reaches all that it passes."
    )
    states: list[PlayerStateTime] = computed_field(
        _states,
        "The named states of the player, in the order in which they first began; at most 10.",
        weight=0,  # they are there already, and few
    )
