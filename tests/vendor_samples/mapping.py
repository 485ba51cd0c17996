"""Where each printed field of the five systems' samples has its home: what a start says, and what then shows it."""

from typing import Any, Final, NamedTuple

from tests.vendor_samples.conversions import (
    GENERATED_ID,
    ID_TO_TEXT,
    INTEGER_TEXT,
    UNCHANGED,
    UNIX_MILLISECONDS,
    UNIX_SECONDS,
    UTC_TEXT,
    Conversion,
    FixedOutput,
)


class FieldMapping(NamedTuple):
    """One printed field: its place in the sample, in the start (null: the server knows it), and in the answer."""

    source: str
    input_path: str | None
    output_path: str
    conversion: Conversion = UNCHANGED
    deviation: str = ""
    """How the list of deviations words it, where it is one."""


def _output_only(names: str) -> list[FieldMapping]:
    """What a start need not say, under its own name in camel case."""
    return [FieldMapping(f"answer.{name}", None, _camel(name)) for name in names.split()]


def _input_and_output(kind: str, names: str) -> list[FieldMapping]:
    """What goes in and comes out under its own name in camel case."""
    said = [FieldMapping(f"request.{name}", f"variant.{kind}.{_camel(name)}", _camel(name)) for name in names.split()]
    return said + _output_only(names)


def _media_params(**homes: str) -> list[FieldMapping]:
    """Parameters of a playback, whose names begin with a word of theirs and a dot."""
    return [
        FieldMapping(f"request.params.{name.replace('_', '.')}", f"variant.media.{home}", home)
        for name, home in homes.items()
    ]


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


MAPPINGS: Final[dict[str, list[FieldMapping]]] = {
    "CLIENT": [
        FieldMapping("request.project_id", "projectId", "project.id", ID_TO_TEXT),
        FieldMapping("answer.project_id", None, "project.id", ID_TO_TEXT),
        FieldMapping("answer.session_id", None, "id", GENERATED_ID),
        FieldMapping("answer.starttime", None, "startedAt", UTC_TEXT),
        FieldMapping("answer.stoptime", None, "endedAt"),
        *_input_and_output("client", "client_system geo_listen_enabled demo_stream_enabled language"),
        FieldMapping("request.timezone", "variant.client.timezone", "timezone"),
        FieldMapping("answer.timezone", None, "timezone", FixedOutput("-8000"), "timezone is answered as sent"),
        FieldMapping(
            "answer.client_type", "variant.client.clientType", "clientType", UNCHANGED, "given in the input here"
        ),
        FieldMapping("answer.device_id", "variant.client.deviceId", "deviceId", UNCHANGED, "given in the input here"),
    ],
    "AGENDA": [
        *_input_and_output("agenda", "guide name description_html schedule_tracks"),
        FieldMapping("request.start_time", "variant.agenda.startTime", "startTime", UTC_TEXT, "add Z"),
        FieldMapping("request.end_time", "variant.agenda.endTime", "endTime", UTC_TEXT, "add Z"),
        FieldMapping("answer.start_time", None, "startTime", UTC_TEXT),
        FieldMapping("answer.end_time", None, "endTime", UTC_TEXT),
        FieldMapping("answer.created_at", None, "createdAt", UTC_TEXT),
        FieldMapping("answer.last_updated", None, "updatedAt", UTC_TEXT),
        FieldMapping("answer.id", None, "id", GENERATED_ID),
        *_output_only("all_day import_id allow_rating add_to_schedule"),
    ],
    "MEDIA": [
        *_media_params(
            media_playerName="playerName",
            analytics_trackingServer="trackingServer",
            analytics_reportSuite="reportSuite",
            analytics_visitorId="visitorId",
            media_contentType="contentType",
            media_length="length",
            media_id="mediaId",
            visitor_marketingCloudOrgId="organizationId",
            media_name="mediaName",
            media_channel="channel",
            media_sdkVersion="sdkVersion",
        ),
        FieldMapping(
            "request.params.analytics.enableSSL",
            "variant.media.params.analytics\\.enableSSL",
            "params.analytics\\.enableSSL",
        ),
        FieldMapping("request.customMetadata", "variant.media.customMetadata", "customMetadata"),
        FieldMapping("request.qoeData", "variant.media.qoe", "qoe", UNCHANGED, "qoeData may hold free names"),
        FieldMapping("request.playerTime.playhead", "variant.media.playerTime.playhead", "playhead"),
        FieldMapping(
            "request.playerTime.ts",
            "variant.media.playerTime.ts",
            "activities.edges.0.node.clientTime",
            UNIX_MILLISECONDS,
            "an RFC 3339 time here",
        ),
        FieldMapping("answer.Location", None, "id", GENERATED_ID),
    ],
    "FIELD": [
        FieldMapping("request.project_id", "projectId", "project.id", ID_TO_TEXT),
        FieldMapping("request.session.uuid", "variant.field.uuid", "uuid"),
        FieldMapping("request.session.unit_id", "variant.field.unitId", "unitId"),
        FieldMapping(
            "request.session.created", "variant.field.created", "created", UNIX_SECONDS, "RFC 3339 times here"
        ),
        FieldMapping("request.session.saved", "variant.field.saved", "saved", UNIX_SECONDS, "RFC 3339 times here"),
        FieldMapping("request.session.data.point1", "variant.field.data.0.value", "data.0.value"),
        FieldMapping("request.session.data.point2", "variant.field.data.1.value", "data.1.value"),
        FieldMapping("request.session.data.sketch1.rawData", "variant.field.data.2.rawData", "data.2.rawData"),
        FieldMapping(
            "request.session.data.__timezone__", "variant.field.data.3.value", "timezoneOffsetSeconds", INTEGER_TEXT
        ),
    ],
    "USER": [
        FieldMapping("keepalive.request.visible", "visible", "visible"),
        FieldMapping("keepalive.answer.visible", None, "visible"),
        FieldMapping("keepalive.request.path", "path", "path"),
        FieldMapping("keepalive.answer.paths", None, "path"),
        FieldMapping("keepalive.answer.time", None, "lastSeenAt", UNIX_SECONDS),
        FieldMapping("hide.request.path", "path", "path"),
    ],
}

MUTATIONS: Final = {
    "MEDIA request.eventType": ("sessionStart", "startSession"),
    "MEDIA answer.status": (201, "startSession"),
    "USER keepalive.answer.description": ("Session keepalive", "keepaliveSession"),
}
"""Printed fields that only say which call it is, or that it was done: the call that is meant."""

LIST_ARGUMENTS: Final = {
    "USER list.parameters.usernames[]": "filter.user.usernames",
    "USER list.parameters.active": "filter.active",
    "USER list.parameters.started_after": "filter.startedAfter",
    "USER list.parameters.stopped_before": "filter.stoppedBefore",
    "USER list.parameters.limit": "first",
    "USER list.parameters.offset": "offset",
}
"""What a list there can be asked for, and the argument of `sessions` for it."""

EXTRA_INPUT: Final[dict[str, dict[str, Any]]] = {
    "FIELD": {
        f"variant.field.data.{at}.name": n for at, n in enumerate(("point1", "point2", "sketch1", "__timezone__"))
    },
    "USER": {"variant.user.username": "root"},
}
"""What a start says besides: names that are keys there, and what is not printed."""

OTHER_DEVIATIONS: Final = {
    "USER": "username is given here",
    "FIELD": "the form encoding is replaced by the multipart request spec",
    "CLIENT": "not replaced by 0000",
}
"""Deviations that are no printed field's own."""
