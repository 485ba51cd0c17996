"""Where each printed field of the five systems' samples has its home: what a start says, and what then shows it."""

from typing import Any, Final, NamedTuple

from tests.vendor_samples.conversions import (
    ID,
    NUMBER,
    OWN_ID,
    SAME,
    UNIX_MILLISECONDS,
    UNIX_SECONDS,
    UTC_TEXT,
    Answered,
    Form,
)


class Home(NamedTuple):
    """One printed field: its place in the sample, in the start (null: the server knows it), and in the answer."""

    printed: str
    said: str | None
    shown: str
    form: Form = SAME
    deviation: str = ""
    """How the list of deviations words it, where it is one."""


def _known(names: str) -> list[Home]:
    """What a start need not say, under its own name in camel case."""
    return [Home(f"answer.{name}", None, _camel(name)) for name in names.split()]


def _both(kind: str, names: str) -> list[Home]:
    """What goes in and comes out under its own name in camel case."""
    said = [Home(f"request.{name}", f"variant.{kind}.{_camel(name)}", _camel(name)) for name in names.split()]
    return said + _known(names)


def _params(**homes: str) -> list[Home]:
    """Parameters of a playback, whose names begin with a word of theirs and a dot."""
    return [
        Home(f"request.params.{name.replace('_', '.')}", f"variant.media.{home}", home) for name, home in homes.items()
    ]


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


HOMES: Final[dict[str, list[Home]]] = {
    "CLIENT": [
        Home("request.project_id", "projectId", "project.id", ID),
        Home("answer.project_id", None, "project.id", ID),
        Home("answer.session_id", None, "id", OWN_ID),
        Home("answer.starttime", None, "startedAt", UTC_TEXT),
        Home("answer.stoptime", None, "endedAt"),
        *_both("client", "client_system geo_listen_enabled demo_stream_enabled language"),
        Home("request.timezone", "variant.client.timezone", "timezone"),
        Home("answer.timezone", None, "timezone", Answered("-8000"), "timezone is answered as sent"),
        Home("answer.client_type", "variant.client.clientType", "clientType", SAME, "given in the input here"),
        Home("answer.device_id", "variant.client.deviceId", "deviceId", SAME, "given in the input here"),
    ],
    "AGENDA": [
        *_both("agenda", "guide name description_html schedule_tracks"),
        Home("request.start_time", "variant.agenda.startTime", "startTime", UTC_TEXT, "add Z"),
        Home("request.end_time", "variant.agenda.endTime", "endTime", UTC_TEXT, "add Z"),
        Home("answer.start_time", None, "startTime", UTC_TEXT),
        Home("answer.end_time", None, "endTime", UTC_TEXT),
        Home("answer.created_at", None, "createdAt", UTC_TEXT),
        Home("answer.last_updated", None, "updatedAt", UTC_TEXT),
        Home("answer.id", None, "id", OWN_ID),
        *_known("all_day import_id allow_rating add_to_schedule"),
    ],
    "MEDIA": [
        *_params(
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
        Home(
            "request.params.analytics.enableSSL",
            "variant.media.params.analytics\\.enableSSL",
            "params.analytics\\.enableSSL",
        ),
        Home("request.customMetadata", "variant.media.customMetadata", "customMetadata"),
        Home("request.qoeData", "variant.media.qoe", "qoe", SAME, "qoeData may hold free names"),
        Home("request.playerTime.playhead", "variant.media.playerTime.playhead", "playhead"),
        Home(
            "request.playerTime.ts",
            "variant.media.playerTime.ts",
            "activities.edges.0.node.clientTime",
            UNIX_MILLISECONDS,
            "an RFC 3339 time here",
        ),
        Home("answer.Location", None, "id", OWN_ID),
    ],
    "FIELD": [
        Home("request.project_id", "projectId", "project.id", ID),
        Home("request.session.uuid", "variant.field.uuid", "uuid"),
        Home("request.session.unit_id", "variant.field.unitId", "unitId"),
        Home("request.session.created", "variant.field.created", "created", UNIX_SECONDS, "RFC 3339 times here"),
        Home("request.session.saved", "variant.field.saved", "saved", UNIX_SECONDS, "RFC 3339 times here"),
        Home("request.session.data.point1", "variant.field.data.0.value", "data.0.value"),
        Home("request.session.data.point2", "variant.field.data.1.value", "data.1.value"),
        Home("request.session.data.sketch1.rawData", "variant.field.data.2.rawData", "data.2.rawData"),
        Home("request.session.data.__timezone__", "variant.field.data.3.value", "timezoneOffsetSeconds", NUMBER),
    ],
    "USER": [
        Home("keepalive.request.visible", "visible", "visible"),
        Home("keepalive.answer.visible", None, "visible"),
        Home("keepalive.request.path", "path", "path"),
        Home("keepalive.answer.paths", None, "path"),
        Home("keepalive.answer.time", None, "lastSeenAt", UNIX_SECONDS),
        Home("hide.request.path", "path", "path"),
    ],
}

CALLS: Final = {
    "MEDIA request.eventType": ("sessionStart", "startSession"),
    "MEDIA answer.status": (201, "startSession"),
    "USER keepalive.answer.description": ("Session keepalive", "keepaliveSession"),
}
"""Printed fields that only say which call it is, or that it was done: the call that is meant."""

PARAMETERS: Final = {
    "USER list.parameters.usernames[]": "filter.user.usernames",
    "USER list.parameters.active": "filter.active",
    "USER list.parameters.started_after": "filter.startedAfter",
    "USER list.parameters.stopped_before": "filter.stoppedBefore",
    "USER list.parameters.limit": "first",
    "USER list.parameters.offset": "offset",
}
"""What a list there can be asked for, and the argument of `sessions` for it."""

GIVEN: Final[dict[str, dict[str, Any]]] = {
    "FIELD": {
        f"variant.field.data.{at}.name": n for at, n in enumerate(("point1", "point2", "sketch1", "__timezone__"))
    },
    "USER": {"variant.user.username": "root"},
}
"""What a start says besides: names that are keys there, and what is not printed."""

OTHERS: Final = {
    "USER": "username is given here",
    "FIELD": "the form encoding is replaced by the multipart request spec",
    "CLIENT": "not replaced by 0000",
}
"""Deviations that are no printed field's own."""
