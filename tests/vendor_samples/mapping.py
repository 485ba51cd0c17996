"""Mapping of the printed fields of the five vendors' samples to the input of a start and to its response."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

from models.ids import is_generated_id

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Conversion(NamedTuple):
    """Conversion of a printed value to the input, and its comparison with the response."""

    to_input: Callable[[Any], Any] = lambda printed: printed
    matches: Callable[[Any, Any], bool] | None = None
    """Compares printed and shown value; None: the response shows the input."""

    def is_shown(self, printed: Any, shown: Any) -> bool:
        return bool(self.to_input(printed) == shown if self.matches is None else self.matches(printed, shown))


def _timestamp(parse: Callable[[Any], datetime]) -> Conversion:
    return Conversion(lambda printed: parse(printed).isoformat(timespec="milliseconds").replace("+00:00", "Z"))


UNCHANGED: Final = Conversion()
ID_TO_TEXT: Final = Conversion(str)
GENERATED_ID: Final = Conversion(matches=lambda printed, shown: bool(printed) and is_generated_id(shown))
INTEGER_TEXT: Final = Conversion(matches=lambda printed, shown: int(printed) == shown)
UTC_TEXT: Final = _timestamp(lambda text: datetime.fromisoformat(text).replace(tzinfo=UTC))
"""Text without offset, or with `+0000`: both mean UTC there."""
UNIX_SECONDS: Final = _timestamp(lambda number: _EPOCH + timedelta(seconds=number))
UNIX_MILLISECONDS: Final = _timestamp(lambda number: _EPOCH + timedelta(milliseconds=number))
SENT_TIMEZONE: Final = Conversion(matches=lambda printed, shown: printed != shown == "-8000")


class FieldMapping(NamedTuple):
    source: str
    """Path in the sample."""
    input_path: str | None
    """Path in the input of a start; None if the server knows the value."""
    output_path: str
    """Path in the response."""
    conversion: Conversion = UNCHANGED
    deviation: str = ""
    """Wording in the sample's list of deviations, if it is one."""


def _output_only(names: str) -> list[FieldMapping]:
    return [FieldMapping(f"answer.{name}", None, _camel(name)) for name in names.split()]


def _input_and_output(kind: str, names: str) -> list[FieldMapping]:
    sent = [FieldMapping(f"request.{name}", f"variant.{kind}.{_camel(name)}", _camel(name)) for name in names.split()]
    return sent + _output_only(names)


def _media_params(group: str, same_names: str = "", **names: str) -> list[FieldMapping]:
    fields = dict.fromkeys(same_names.split()) | names
    return [
        FieldMapping(f"request.params.{group}.{name or field}", f"variant.media.{field}", field)
        for field, name in fields.items()
    ]


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


_INPUT: Final = "given in the input here"
_RFC_3339: Final = "RFC 3339 times here"

MAPPINGS: Final[dict[str, list[FieldMapping]]] = {
    "CLIENT": [
        FieldMapping("request.project_id", "projectId", "project.id", ID_TO_TEXT),
        FieldMapping("answer.project_id", None, "project.id", ID_TO_TEXT),
        FieldMapping("answer.session_id", None, "id", GENERATED_ID),
        FieldMapping("answer.starttime", None, "startedAt", UTC_TEXT),
        FieldMapping("answer.stoptime", None, "endedAt"),
        *_input_and_output("client", "client_system geo_listen_enabled demo_stream_enabled language"),
        FieldMapping("request.timezone", "variant.client.timezone", "timezone"),
        FieldMapping("answer.timezone", None, "timezone", SENT_TIMEZONE, "timezone is answered as sent"),
        FieldMapping("answer.client_type", "variant.client.clientType", "clientType", UNCHANGED, _INPUT),
        FieldMapping("answer.device_id", "variant.client.deviceId", "deviceId", UNCHANGED, _INPUT),
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
        *_media_params("media", "playerName contentType length channel sdkVersion", mediaId="id", mediaName="name"),
        *_media_params("analytics", "trackingServer reportSuite visitorId"),
        *_media_params("visitor", organizationId="marketingCloudOrgId"),
        *_media_params("analytics", **{"params.analytics\\.enableSSL": "enableSSL"}),
        FieldMapping("request.customMetadata", "variant.media.customMetadata", "customMetadata"),
        FieldMapping("request.qoeData", "variant.media.qoe", "qoe", UNCHANGED, "qoeData may hold free names"),
        FieldMapping("request.playerTime.playhead", "variant.media.playerTime.playhead", "playhead"),
        FieldMapping(
            *("request.playerTime.ts", "variant.media.playerTime.ts", "activities.edges.0.node.clientTime"),
            *(UNIX_MILLISECONDS, "an RFC 3339 time here"),
        ),
        FieldMapping("answer.Location", None, "id", GENERATED_ID),
    ],
    "FIELD": [
        FieldMapping("request.project_id", "projectId", "project.id", ID_TO_TEXT),
        FieldMapping("request.session.uuid", "variant.field.uuid", "uuid"),
        FieldMapping("request.session.unit_id", "variant.field.unitId", "unitId"),
        FieldMapping("request.session.created", "variant.field.created", "created", UNIX_SECONDS, _RFC_3339),
        FieldMapping("request.session.saved", "variant.field.saved", "saved", UNIX_SECONDS, _RFC_3339),
        FieldMapping("request.session.data.point1", "variant.field.data.0.value", "data.0.value"),
        FieldMapping("request.session.data.point2", "variant.field.data.1.value", "data.1.value"),
        FieldMapping("request.session.data.sketch1.rawData", "variant.field.data.2.rawData", "data.2.rawData"),
        FieldMapping(
            *("request.session.data.__timezone__", "variant.field.data.3.value", "timezoneOffsetSeconds"), INTEGER_TEXT
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
"""Printed fields that only name the call, or confirm it: the mutation."""

LIST_ARGUMENTS: Final = {
    "USER list.parameters.usernames[]": "filter.user.usernames",
    "USER list.parameters.active": "filter.active",
    "USER list.parameters.started_after": "filter.startedAfter",
    "USER list.parameters.stopped_before": "filter.stoppedBefore",
    "USER list.parameters.limit": "first",
    "USER list.parameters.offset": "offset",
}
"""Parameters of the printed list requests: the argument of `sessions`."""

EXTRA_INPUT: Final[dict[str, dict[str, Any]]] = {
    "FIELD": {
        f"variant.field.data.{at}.name": n for at, n in enumerate(("point1", "point2", "sketch1", "__timezone__"))
    },
    "USER": {"variant.user.username": "root"},
}
"""Input that is not printed as a value: names that are keys there, and what is missing."""

OTHER_DEVIATIONS: Final = {
    "USER": "username is given here",
    "FIELD": "the form encoding is replaced by the multipart request spec",
    "CLIENT": "not replaced by 0000",
}
"""Deviations that concern no single printed field."""
