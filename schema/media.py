"""Player events of a MEDIA session, and the metrics of its playback."""

import strawberry

from models.kinds.commands import TrackMediaFields
from models.kinds.media_events import MediaEventFields, MediaPingFields, PlayerTimeFields
from schema.enums import MediaEventType
from schema.field_helpers import computed_field
from schema.model_types import input_from


@input_from(PlayerTimeFields, "Position of a player at a moment.")
class PlayerTimeInput: ...


@input_from(MediaPingFields, "A heartbeat of a player.")
class MediaPingInput:
    player_time: PlayerTimeInput


@input_from(
    MediaEventFields,
    "An event of a player. Events with equal type, `ts` and parameters are the same event: it is safe to repeat one.",
)
class MediaEventInput:
    type: MediaEventType
    player_time: PlayerTimeInput


@input_from(
    TrackMediaFields,
    "Events of the player of a MEDIA session. They are applied in the order of their `ts`, and those with equal `ts` "
    "in order of arrival. An event more than 60 s older than the newest is stored without being counted: problem "
    "LATE_EVENT. One whose `ts` is out of bounds is rejected. Neither affects the other events.",
)
class TrackMediaInput:
    id: strawberry.ID
    events: list[MediaEventInput]


@strawberry.type(description="Number and duration of the times that the player was in a named state.")
class PlayerStateTime:
    name: str = strawberry.field(description="Name of the state, such as `fullScreen`.")
    count: int = strawberry.field(description="Number of times it started.")
    seconds: float = strawberry.field(
        description="Total duration, in seconds; while it is open, until the newest event."
    )


@strawberry.type(
    description="Metrics of a playback, from its player's events by the player's clock; final once the session has "
    "ended. The time between two events counts as pause while PAUSED and as buffering while BUFFERING; otherwise as ad "
    "while an ad is open, not at all while only a break is open, and as content while PLAYING. Time after the newest "
    "event does not count."
)
class MediaMetrics:
    content_started: bool = strawberry.field(description="Whether the player was ever PLAYING outside an ad break.")
    content_completed: bool = strawberry.field(description="Whether there was a SESSION_COMPLETE.")
    content_seconds: float = strawberry.field(description="Time that content was played, in seconds, without stalls.")
    media_seconds: float = strawberry.field(description="Time that content and ads were played, in seconds.")
    ad_seconds: float = strawberry.field(
        description="Time that ads were open and neither paused nor buffering, in seconds."
    )
    ad_starts: int = strawberry.field(description="Number of ads that started inside a break.")
    ad_completes: int = strawberry.field(
        description="Number of ads that were played to their end: not skipped, and not cut off by the end of their "
        "break or the start of another ad."
    )
    chapter_seconds: float = strawberry.field(description="Content time inside chapters, in seconds.")
    chapter_starts: int = strawberry.field(description="Number of chapters that started.")
    chapter_completes: int = strawberry.field(description="Number of chapters that were played to their end.")
    pause_count: int = strawberry.field(description="Number of PAUSE_START events.")
    pause_seconds: float = strawberry.field(description="Time that the player was PAUSED, in seconds, in ads too.")
    buffer_count: int = strawberry.field(description="Number of BUFFER_START events.")
    buffer_seconds: float = strawberry.field(description="Time that the player was BUFFERING, in seconds, in ads too.")
    stall_count: int = strawberry.field(
        description="Number of stalls: the playhead stands still for at least three events and one second while "
        "content should play."
    )
    error_count: int = strawberry.field(description="Number of ERROR events.")
    bitrate_changes: int = strawberry.field(description="Number of BITRATE_CHANGE events.")
    average_bitrate: float | None = strawberry.field(
        description="Average of the bitrates in `qoe`, weighted by the time that content and ads were played with "
        "them; null without any."
    )
    unique_seconds: float = strawberry.field(
        description="Length of the content that was played at least once, in seconds of the playhead. A playhead that "
        "advances by more than twice the elapsed time plus 2 s was moved by seeking, not by playing."
    )
    average_minute_audience: float | None = strawberry.field(
        description="Content time divided by the length of the content; null if the length is 0."
    )
    progress_marks: list[int] = strawberry.field(
        description="Those of 10, 25, 50, 75 and 95 per cent of the length that the playhead has reached since the "
        "content started, also by seeking."
    )
    states: list[PlayerStateTime] = computed_field(
        lambda metrics, _: metrics.states,
        "Named states of the player, in the order in which they first started; at most 10.",
        reads=["states"],
        shareable=True,
        weight=0,  # a short list that is part of the row
    )
