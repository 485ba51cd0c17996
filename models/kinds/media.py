"""MEDIA: one playback of a stream (Adobe Media Collection API, `/api/v1/sessions`)."""

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Final

from pydantic import Field

from models.clock import MINUTE, Instant
from models.enums import EndReason, Kind, PlayerState
from models.kinds.base import (
    Column,
    Deadline,
    InputOnly,
    JsonObject,
    KindFields,
    KindRules,
    ProjectDefaults,
    ServerDefault,
    Text,
    Unit,
)
from models.kinds.media_events import PlayerTimeFields
from models.kinds.media_parameters import (
    QOE_DESCRIPTION,
    metadata_problems,
    qoe_problems,
    start_param_problems,
    with_qoe_prefix,
)
from models.problems import Problem

STALL_TIMEOUT: Final = 30 * MINUTE


class MediaFields(KindFields):
    player_time: Annotated[PlayerTimeFields, InputOnly()] = Field(
        description="Playhead and client time at the start of the session."
    )
    tracking_server: Text = Field(description="The documented `analytics.trackingServer`.")
    report_suite: Text = Field(description="The documented `analytics.reportSuite`.")
    organization_id: Text = Field(description="The documented `visitor.marketingCloudOrgId`.")
    visitor_id: Annotated[str | None, Field(max_length=1024), Column("subject")] = Field(
        default=None, description="The documented `analytics.visitorId`; also its `subject`."
    )
    media_id: Annotated[Text, Column("media_id")] = Field(description="The documented `media.id`.")
    media_name: Text | None = Field(default=None, description="The documented `media.name`.")
    length: Annotated[float, Field(ge=0, allow_inf_nan=False), Unit("seconds")] = Field(
        description="The documented `media.length`: seconds, at least 0."
    )
    content_type: Annotated[Text, Column("content_type")] = Field(
        description="The documented `media.contentType`, such as VOD or Live."
    )
    player_name: Text = Field(description="The documented `media.playerName`.")
    channel: Annotated[Text, Column("channel")] = Field(description="The documented `media.channel`.")
    sdk_version: Text | None = Field(default=None, description="The documented `media.sdkVersion`.")
    resume: bool = Field(
        default=False, description="The documented `media.resume`: whether this continues an earlier playback."
    )
    params: Annotated[JsonObject | None, ServerDefault()] = Field(
        default=None,
        description="Other documented parameters (show, season, genre, …) under their documented names.",
    )
    custom_metadata: Annotated[JsonObject | None, ServerDefault()] = Field(
        default=None,
        description="At most 50 strings under custom names of letters, digits, `_` and `.`.",
    )
    qoe: Annotated[JsonObject | None, ServerDefault()] = Field(default=None, description=QOE_DESCRIPTION)

    def find_problems(self) -> Iterator[Problem]:
        yield from start_param_problems(("params",), self.params)
        yield from metadata_problems(("customMetadata",), self.custom_metadata)
        yield from qoe_problems(("qoe",), self.qoe)


class MediaRules(KindRules):
    kind = Kind.MEDIA
    description = Kind.MEDIA.description
    fields: ClassVar = MediaFields
    default_timeout = 600
    deadlines = (Deadline("stall_from", STALL_TIMEOUT, EndReason.STALLED, extends_after_downtime=True),)

    def with_defaults(self, fields: MediaFields, *, project: ProjectDefaults, now: Instant) -> dict[str, Any]:
        values = super().with_defaults(fields, project=project, now=now)
        return values | {
            "params": fields.params or {},
            "custom_metadata": fields.custom_metadata or {},
            "qoe": with_qoe_prefix(fields.qoe or {}),
        }

    def to_columns(self, fields: MediaFields, *, project: ProjectDefaults, now: Instant) -> dict[str, Any]:
        columns = super().to_columns(fields, project=project, now=now)
        player_time = fields.player_time
        columns["details"]["start_ts"] = player_time.ts
        return columns | {
            "player_state": PlayerState.STARTING,
            "playhead": player_time.playhead,
            "player_ts": player_time.ts,
            # Server time: the client's clock must not end a session.
            "stall_from": now,
        }
