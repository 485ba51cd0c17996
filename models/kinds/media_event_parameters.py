"""Documented parameters of media events, with their types."""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from models.enums import MediaEventType
from models.kinds.media_parameters import INTEGER, NUMBER, QOE_PREFIX, START_FIELDS, STRING, ValueType, own_field
from models.problems import Problem, quote

BITRATE: Final = QOE_PREFIX + "bitrate"
ERROR_ID: Final = QOE_PREFIX + "errorID"
ERROR_SOURCE: Final = QOE_PREFIX + "errorSource"
STATE_NAME: Final = "media.state.name"


class Parameter(NamedTuple):
    type: ValueType
    required: bool = False


EVENT_PARAMS: Final[dict[MediaEventType, dict[str, Parameter]]] = {
    MediaEventType.AD_BREAK_START: {
        "media.ad.podIndex": Parameter(INTEGER, required=True),
        "media.ad.podSecond": Parameter(NUMBER, required=True),
        "media.ad.podFriendlyName": Parameter(STRING),
    },
    MediaEventType.AD_START: {
        "media.ad.id": Parameter(STRING, required=True),
        "media.ad.length": Parameter(NUMBER, required=True),
        "media.ad.podPosition": Parameter(INTEGER, required=True),
        **dict.fromkeys(
            (
                *("media.ad.playerName", "media.ad.name", "media.ad.advertiser", "media.ad.campaignId"),
                *("media.ad.creativeId", "media.ad.siteId", "media.ad.creativeURL", "media.ad.placementId"),
                "media.ad.podFriendlyName",
            ),
            Parameter(STRING),
        ),
    },
    MediaEventType.CHAPTER_START: {
        "media.chapter.index": Parameter(INTEGER, required=True),
        "media.chapter.offset": Parameter(NUMBER, required=True),
        "media.chapter.length": Parameter(NUMBER, required=True),
        "media.chapter.friendlyName": Parameter(STRING),
    },
    MediaEventType.STATE_START: {STATE_NAME: Parameter(STRING, required=True)},
    MediaEventType.STATE_END: {STATE_NAME: Parameter(STRING, required=True)},
    MediaEventType.ERROR: {
        "media.errorId": Parameter(STRING),
        "media.errorSource": Parameter(STRING),
    },
}
"""Parameters by event type; the other types have none."""

EVENT_QOE: Final[dict[MediaEventType, dict[str, str]]] = {
    MediaEventType.BITRATE_CHANGE: {BITRATE: BITRATE},
    MediaEventType.ERROR: {"media.errorId": ERROR_ID, "media.errorSource": ERROR_SOURCE},
}
"""Parameters that clients may send in `qoe`, with their names there."""


def event_problems(type_: MediaEventType, params: dict[str, Any] | None, qoe: dict[str, Any]) -> Iterator[Problem]:
    """Yield the problems of an event's parameters; `qoe` has documented names."""
    known, provided = EVENT_PARAMS.get(type_, {}), params or {}
    for name, value in provided.items():
        if name in known and not known[name].type.accepts(value):
            yield Problem(("params", name), known[name].type.message(value))
        elif name not in known and name in START_FIELDS:
            yield Problem(
                ("params", name), f"has a field of its own: {START_FIELDS[name]}, in the start of the session"
            )
        elif name not in known:
            yield Problem(("params", name), own_field(name) or f"is not a documented parameter of {type_}")
    for name, parameter in known.items():
        if parameter.required and name not in provided:
            yield Problem(("params", name), f"must be given: {type_} needs it")
    for name, same in EVENT_QOE.get(type_, {}).items():
        if name in provided and same in qoe and provided[name] != qoe[same]:
            yield Problem(
                ("params", name),
                f"must be the same as {same}, or not set: not {quote(provided[name])} beside {quote(qoe[same])}",
            )
    if type_ == MediaEventType.BITRATE_CHANGE and BITRATE not in qoe:
        yield Problem(("qoe", BITRATE), f"must be given: {type_} needs it")


def identity_params(type_: MediaEventType, params: dict[str, Any] | None, qoe: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters by which two events of one type and client time differ."""
    qoe_params = {name: qoe[same] for name, same in EVENT_QOE.get(type_, {}).items() if same in qoe}
    return qoe_params | (params or {})
