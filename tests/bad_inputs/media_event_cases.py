"""Cases: events of media players."""

from typing import Any, Final

from tests.bad_inputs.case import BAD_USER_INPUT, CANARY, TOO_COMPLEX, Case, RequestBytes, mutation

TS: Final = "2026-05-28T20:26:40Z"


def _track_media(*events: Any, name: str = "media") -> RequestBytes:
    return lambda existing: mutation("trackMedia", {"id": getattr(existing, name), "events": list(events)})


def _event(type_: Any = "PLAY", playhead: Any = 1, ts: Any = TS, **more: Any) -> dict[str, Any]:
    return {"type": type_, "playerTime": {"playhead": playhead, "ts": ts}, **more}


MEDIA_EVENT_CASES: Final = [
    Case("no events", _track_media(), 200),
    Case("events for a user", _track_media(_event(), name="active"), 200, BAD_USER_INPUT),
    Case("events for a session that stopped", _track_media(_event(), name="stopped"), 200, "SESSION_ENDED"),
    Case(
        "events for an unknown session", mutation("trackMedia", {"id": "s_" + "x" * 22, "events": []}), 200, "NOT_FOUND"
    ),
    Case("100 equal events", _track_media(*[_event()] * 100), 200),
    Case("101 events", _track_media(*[_event("PING")] * 101), 200, BAD_USER_INPUT),
    Case("501 events", _track_media(*[_event("PING")] * 501), 400, TOO_COMPLEX),
    Case("an event of an unknown type", _track_media(_event("SEEK")), 400, BAD_USER_INPUT),
    Case("an event whose type is a number", _track_media(_event(1)), 400, BAD_USER_INPUT),
    Case("an event that is null", _track_media(None), 400, BAD_USER_INPUT),
    Case("an event without a time", _track_media({"type": "PLAY"}), 400, BAD_USER_INPUT),
    Case("an event years ahead", _track_media(_event(ts="2036-05-28T20:26:40Z")), 200, BAD_USER_INPUT),
    Case("an event years behind", _track_media(_event(ts="2016-05-28T20:26:40Z")), 200, BAD_USER_INPUT),
    Case("an event of the year 1", _track_media(_event(ts="0001-01-01T00:00:00Z")), 200, BAD_USER_INPUT),
    Case("an event of the last moment", _track_media(_event(ts="9999-12-31T23:59:59.999Z")), 200, BAD_USER_INPUT),
    Case("an event at a time that is a number", _track_media(_event(ts=1_780_000_000_000)), 400, BAD_USER_INPUT),
    Case("an event before the beginning", _track_media(_event(playhead=-0.1)), 200, BAD_USER_INPUT),
    Case("an event at 1e308", _track_media(_event(playhead=1e308)), 200),
    Case("an event at a playhead of text", _track_media(_event(playhead="1")), 400, BAD_USER_INPUT),
    Case("params that are a list", _track_media(_event(params=[])), 200, BAD_USER_INPUT),
    Case("params that are text", _track_media(_event(params=CANARY)), 200, BAD_USER_INPUT),
    Case("an unknown parameter", _track_media(_event(params={CANARY: 1})), 200, BAD_USER_INPUT),
    Case("qoe that is a number", _track_media(_event(qoe=1)), 200, BAD_USER_INPUT),
    Case("qoe of 17 KB", _track_media(_event(qoe={"a": "x" * 17_000})), 200, BAD_USER_INPUT),
    Case("qoe with a bitrate of 1e308", _track_media(_event(qoe={"bitrate": 1e308})), 200, BAD_USER_INPUT),
    Case("metadata on a play", _track_media(_event(customMetadata={"a": CANARY})), 200, BAD_USER_INPUT),
    Case(
        "a state with a name of 1 MB",
        _track_media(_event("STATE_START", params={"media.state.name": CANARY * 90_000})),
        200,
        BAD_USER_INPUT,
    ),
    Case("a state without a name", _track_media(_event("STATE_END", params={})), 200, BAD_USER_INPUT),
    Case(
        "a state whose name is null",
        _track_media(_event("STATE_END", params={"media.state.name": None})),
        200,
        BAD_USER_INPUT,
    ),
    Case(
        "a state whose name has a NUL",
        _track_media(_event("STATE_END", params={"media.state.name": "a\0"})),
        400,
        BAD_USER_INPUT,
    ),
]
