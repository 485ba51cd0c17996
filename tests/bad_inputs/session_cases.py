"""Cases: commands that name a session, events of media players, starts that break a rule, and projects."""

from typing import Any, Final

from tests.api.session_inputs import CREATE_PROJECT, MINIMAL_INPUTS
from tests.bad_inputs.case import (
    CANARY,
    TOO_COMPLEX,
    Case,
    RequestBytes,
    accepted,
    error,
    mutation,
    operation,
    problem,
    start,
)

UNKNOWN_ID: Final = "s_" + "x" * 22
TS: Final = "2026-05-28T20:26:40Z"
DELETE_SESSION: Final = "mutation($id: ID!) { deleteSession(input: {id: $id}) { problems { code } } }"


def _command(call: str, name: str, **fields: Any) -> RequestBytes:
    """Build a mutation of one of the existing sessions."""
    return lambda existing: mutation(call, {"id": getattr(existing, name), **fields})


def _keepalive(name: str, **fields: Any) -> RequestBytes:
    return _command("keepaliveSession", name, **fields)


def _ping(ts: str, playhead: float = 1) -> dict[str, Any]:
    return {"playerTime": {"playhead": playhead, "ts": ts}}


COMMAND_CASES: Final = [
    problem("keepalive of an unknown session", mutation("keepaliveSession", {"id": UNKNOWN_ID}), "NOT_FOUND"),
    problem("keepalive of no id", mutation("keepaliveSession", {"id": ""}), "NOT_FOUND"),
    problem("keepalive of an id of 1 MB", mutation("keepaliveSession", {"id": CANARY * 100_000}), "NOT_FOUND"),
    *(
        problem(f"{call} on a session that is {name}", _command(call, name), "SESSION_ENDED")
        for call in ("keepaliveSession", "hideSession", "stopSession")
        for name in ("stopped", "expired")
        if (call, name) != ("stopSession", "stopped")
    ),
    accepted("stopSession on a session that is stopped", _command("stopSession", "stopped")),
    problem("deletion of an unknown session", operation(DELETE_SESSION, id=CANARY), "NOT_FOUND"),
    accepted("a sequence for the first time", _keepalive("active", sequence=7)),
    accepted("an old sequence", _keepalive("active", sequence=3, visible=False)),
    accepted("an equal sequence", _keepalive("active", sequence=7, visible=False)),
    problem("a negative sequence", _keepalive("active", sequence=-1)),
    error("a sequence of 2^31", _keepalive("active", sequence=2**31)),
    error("a sequence of 2^63", _keepalive("active", sequence=2**63)),
    error("a sequence of text", _keepalive("active", sequence="7")),
    problem("9 segments", _keepalive("active", path=["a"] * 9)),
    error("1001 segments", _keepalive("active", path=["a"] * 1001), TOO_COMPLEX),
    problem("a segment of 1 MB", _keepalive("active", path=[CANARY * 100_000])),
    problem("a ping for a user", _keepalive("active", media=_ping(TS))),
    problem("a ping years ahead", _keepalive("media", media=_ping("2036-05-28T20:26:40Z"))),
    problem("a ping years behind", _keepalive("media", media=_ping("2016-05-28T20:26:40Z"))),
    problem("a ping of the year 1", _keepalive("media", media=_ping("0001-01-01T00:00:00Z"))),
    problem("a ping of the last moment", _keepalive("media", media=_ping("9999-12-31T23:59:59.999Z"))),
    problem("a ping before the beginning", _keepalive("media", media=_ping(TS, -1))),
]


def _track_media(*events: Any, name: str = "media") -> RequestBytes:
    return _command("trackMedia", name, events=list(events))


def _event(type_: Any = "PLAY", playhead: Any = 1, ts: Any = TS, **more: Any) -> dict[str, Any]:
    return {"type": type_, "playerTime": {"playhead": playhead, "ts": ts}, **more}


MEDIA_EVENT_CASES: Final = [
    accepted("no events", _track_media()),
    problem("events for a user", _track_media(_event(), name="active")),
    problem("events for a session that stopped", _track_media(_event(), name="stopped"), "SESSION_ENDED"),
    problem("events for an unknown session", mutation("trackMedia", {"id": UNKNOWN_ID, "events": []}), "NOT_FOUND"),
    accepted("100 equal events", _track_media(*[_event()] * 100)),
    problem("101 events", _track_media(*[_event("PING")] * 101)),
    error("1001 events", _track_media(*[_event("PING")] * 1001), TOO_COMPLEX),
    error("an event of an unknown type", _track_media(_event("SEEK"))),
    error("an event whose type is a number", _track_media(_event(1))),
    error("an event that is null", _track_media(None)),
    error("an event without a time", _track_media({"type": "PLAY"})),
    problem("an event years ahead", _track_media(_event(ts="2036-05-28T20:26:40Z"))),
    problem("an event years behind", _track_media(_event(ts="2016-05-28T20:26:40Z"))),
    problem("an event of the year 1", _track_media(_event(ts="0001-01-01T00:00:00Z"))),
    problem("an event of the last moment", _track_media(_event(ts="9999-12-31T23:59:59.999Z"))),
    error("an event at a time that is a number", _track_media(_event(ts=1_780_000_000_000))),
    problem("an event before the beginning", _track_media(_event(playhead=-0.1))),
    accepted("an event at 1e308", _track_media(_event(playhead=1e308))),
    error("an event at a playhead of text", _track_media(_event(playhead="1"))),
    problem("params that are a list", _track_media(_event(params=[]))),
    problem("params that are text", _track_media(_event(params=CANARY))),
    problem("an unknown parameter", _track_media(_event(params={CANARY: 1}))),
    problem("qoe that is a number", _track_media(_event(qoe=1))),
    problem("qoe of 17 KB", _track_media(_event(qoe={"a": "x" * 17_000}))),
    problem("qoe with a bitrate of 1e308", _track_media(_event(qoe={"bitrate": 1e308}))),
    problem("metadata on a play", _track_media(_event(customMetadata={"a": CANARY}))),
    problem(
        "a state with a name of 1 MB", _track_media(_event("STATE_START", params={"media.state.name": CANARY * 90_000}))
    ),
    problem("a state without a name", _track_media(_event("STATE_END", params={}))),
    problem("a state whose name is null", _track_media(_event("STATE_END", params={"media.state.name": None}))),
    error("a state whose name has a NUL", _track_media(_event("STATE_END", params={"media.state.name": "a\0"}))),
]


def _nested_object(depth: int) -> Any:
    value: Any = CANARY
    for _ in range(depth):
        value = {"a": value}
    return value


def _start_user(**common: Any) -> bytes:
    return start("user", {"username": "u"}, **common)


def _start_agenda(**fields: Any) -> bytes:
    return start("agenda", {**MINIMAL_INPUTS["agenda"], **fields})


def _start_form(points: list[dict[str, Any]]) -> bytes:
    return start("field", {"unitId": "u", "data": points})


START_CASES: Final = [
    *(problem(f"a timeout of {n}", _start_user(timeoutSeconds=n)) for n in (0, -1, 9, 86_401, 10**9)),
    *(error(f"a timeout of {n}", _start_user(timeoutSeconds=n)) for n in (0.001, 2**31)),
    Case("a name of 10 MB", _start_agenda(name="x" * 10_000_000), 413, "BAD_REQUEST"),
    problem("a name of 1 MB", _start_agenda(name=CANARY * 90_000)),
    problem("no name", _start_agenda(name="")),
    error("10,000 tracks", _start_agenda(scheduleTracks=list(range(10_000))), TOO_COMPLEX),
    problem("101 tracks", _start_agenda(scheduleTracks=list(range(101)))),
    error("a track beyond 32 bits", _start_agenda(scheduleTracks=[2**31])),
    problem("a description of 1 MB", _start_agenda(descriptionHtml="<p>" * 350_000)),
    problem("100,000 tags in one another", _start_agenda(descriptionHtml="<b>" * 100_000)),
    error("metadata 100 deep", _start_user(metadata=_nested_object(100)), "BAD_REQUEST"),
    error("metadata 40 deep", _start_user(metadata=_nested_object(40)), TOO_COMPLEX),
    problem("metadata 20 deep", _start_user(metadata=_nested_object(20))),
    problem("metadata of 1 MB", _start_user(metadata={"a": CANARY * 90_000})),
    problem("a project that is not there", _start_user(projectId=CANARY), "NOT_FOUND"),
    problem("an id in place of a project", _start_user(projectId=UNKNOWN_ID), "NOT_FOUND"),
    error("no kind", mutation("startSession", {"variant": {}})),
    error("two kinds", mutation("startSession", {"variant": {"user": {"username": "u"}, "field": {"unitId": "u"}}})),
    error("an unknown kind", mutation("startSession", {"variant": {CANARY: {}}})),
    error("a start with an unknown field", start("user", {"username": "u", CANARY: 1})),
    problem("a data point of 65 KiB", _start_form([{"name": "a", "value": "x" * 66_000}])),
    problem("501 data points", _start_form([{"name": str(n), "value": ""} for n in range(501)])),
    error("1001 data points", _start_form([{"name": str(n), "value": ""} for n in range(1001)]), TOO_COMPLEX),
    *(
        problem(f"the project id {id_[:30]!r}", operation(CREATE_PROJECT, input={"id": id_}))
        for id_ in ("", "a b", "ä", "x" * 65, "../x", UNKNOWN_ID, "a\n")
    ),
]
