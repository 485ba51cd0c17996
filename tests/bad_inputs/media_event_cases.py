"""What players tell, and what is wrong with it."""

from typing import Any, Final

from tests.bad_inputs.case import CANARY, COMPLEX, INPUT, Row, Sent, mutation

TS: Final = "2026-05-28T20:26:40Z"


def _told(*events: Any, name: str = "media") -> Sent:
    """A trackMedia for one of the known sessions."""
    return lambda known: mutation("trackMedia", {"id": getattr(known, name), "events": list(events)})


def _event(type_: Any = "PLAY", playhead: Any = 1, ts: Any = TS, **more: Any) -> dict[str, Any]:
    return {"type": type_, "playerTime": {"playhead": playhead, "ts": ts}, **more}


PLAYERS: Final = [
    Row("no events", _told(), 200),
    Row("events for a user", _told(_event(), name="active"), 200, INPUT),
    Row("events for a session that stopped", _told(_event(), name="stopped"), 200, "SESSION_ENDED"),
    Row("events for nobody", mutation("trackMedia", {"id": "s_" + "x" * 22, "events": []}), 200, "NOT_FOUND"),
    Row("100 equal events", _told(*[_event()] * 100), 200),
    Row("101 events", _told(*[_event("PING")] * 101), 200, INPUT),
    Row("501 events", _told(*[_event("PING")] * 501), 400, COMPLEX),
    Row("an event of no known type", _told(_event("SEEK")), 400, INPUT),
    Row("an event whose type is a number", _told(_event(1)), 400, INPUT),
    Row("an event that is null", _told(None), 400, INPUT),
    Row("an event without a time", _told({"type": "PLAY"}), 400, INPUT),
    Row("an event years ahead", _told(_event(ts="2036-05-28T20:26:40Z")), 200, INPUT),
    Row("an event years behind", _told(_event(ts="2016-05-28T20:26:40Z")), 200, INPUT),
    Row("an event of the year 1", _told(_event(ts="0001-01-01T00:00:00Z")), 200, INPUT),
    Row("an event of the last moment", _told(_event(ts="9999-12-31T23:59:59.999Z")), 200, INPUT),
    Row("an event at a time that is a number", _told(_event(ts=1_780_000_000_000)), 400, INPUT),
    Row("an event before the beginning", _told(_event(playhead=-0.1)), 200, INPUT),
    Row("an event at 1e308", _told(_event(playhead=1e308)), 200),
    Row("an event at a playhead of text", _told(_event(playhead="1")), 400, INPUT),
    Row("params that are a list", _told(_event(params=[])), 200, INPUT),
    Row("params that are text", _told(_event(params=CANARY)), 200, INPUT),
    Row("a parameter of nobody", _told(_event(params={CANARY: 1})), 200, INPUT),
    Row("qoe that is a number", _told(_event(qoe=1)), 200, INPUT),
    Row("qoe of 17 KB", _told(_event(qoe={"a": "x" * 17_000})), 200, INPUT),
    Row("qoe with a bitrate of 1e308", _told(_event(qoe={"bitrate": 1e308})), 200, INPUT),
    Row("metadata on a play", _told(_event(customMetadata={"a": CANARY})), 200, INPUT),
    Row(
        "a state with a name of 1 MB",
        _told(_event("STATE_START", params={"media.state.name": CANARY * 90_000})),
        200,
        INPUT,
    ),
    Row("a state without a name", _told(_event("STATE_END", params={})), 200, INPUT),
    Row("a state whose name is null", _told(_event("STATE_END", params={"media.state.name": None})), 200, INPUT),
    Row("a state whose name has a NUL", _told(_event("STATE_END", params={"media.state.name": "a\0"})), 400, INPUT),
]
