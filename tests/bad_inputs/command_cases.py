"""Cases: commands that name a session."""

from typing import Any, Final

from tests.bad_inputs.case import (
    BAD_USER_INPUT,
    CANARY,
    TOO_COMPLEX,
    Case,
    ExistingSessions,
    RequestBytes,
    mutation,
    operation,
)

UNKNOWN_ID: Final = "s_" + "x" * 22
TS: Final = "2026-05-28T20:26:40Z"
DELETE_SESSION: Final = "mutation($id: ID!) { deleteSession(id: $id) { problems { code } } }"


def _keepalive(name: str, **fields: Any) -> RequestBytes:
    def build_request(existing: ExistingSessions) -> bytes:
        return mutation("keepaliveSession", {"id": getattr(existing, name), **fields})

    return build_request


def _ping(ts: str, playhead: float = 1) -> dict[str, Any]:
    return {"playerTime": {"playhead": playhead, "ts": ts}}


def _on_ended_session(call: str, name: str) -> Case:
    code = None if (call, name) == ("stopSession", "stopped") else "SESSION_ENDED"
    return Case(
        f"{call} on a session that is {name}",
        lambda existing: mutation(call, {"id": getattr(existing, name)}),
        200,
        code,
    )


COMMAND_CASES: Final = [
    Case("keepalive of an unknown session", mutation("keepaliveSession", {"id": UNKNOWN_ID}), 200, "NOT_FOUND"),
    Case("keepalive of no id", mutation("keepaliveSession", {"id": ""}), 200, "NOT_FOUND"),
    Case("keepalive of an id of 1 MB", mutation("keepaliveSession", {"id": CANARY * 100_000}), 200, "NOT_FOUND"),
    *(
        _on_ended_session(call, name)
        for call in ("keepaliveSession", "hideSession", "stopSession")
        for name in ("stopped", "expired")
    ),
    Case("deletion of an unknown session", operation(DELETE_SESSION, id=CANARY), 200, "NOT_FOUND"),
    Case("a sequence for the first time", _keepalive("active", sequence=7), 200),
    Case("an old sequence", _keepalive("active", sequence=3, visible=False), 200),
    Case("an equal sequence", _keepalive("active", sequence=7, visible=False), 200),
    Case("a negative sequence", _keepalive("active", sequence=-1), 200, BAD_USER_INPUT),
    Case("a sequence of 2^31", _keepalive("active", sequence=2**31), 400, BAD_USER_INPUT),
    Case("a sequence of 2^63", _keepalive("active", sequence=2**63), 400, BAD_USER_INPUT),
    Case("a sequence of text", _keepalive("active", sequence="7"), 400, BAD_USER_INPUT),
    Case("9 segments", _keepalive("active", path=["a"] * 9), 200, BAD_USER_INPUT),
    Case("501 segments", _keepalive("active", path=["a"] * 501), 400, TOO_COMPLEX),
    Case("a segment of 1 MB", _keepalive("active", path=[CANARY * 100_000]), 200, BAD_USER_INPUT),
    Case("a ping for a user", _keepalive("active", media=_ping(TS)), 200, BAD_USER_INPUT),
    Case("a ping years ahead", _keepalive("media", media=_ping("2036-05-28T20:26:40Z")), 200, BAD_USER_INPUT),
    Case("a ping years behind", _keepalive("media", media=_ping("2016-05-28T20:26:40Z")), 200, BAD_USER_INPUT),
    Case("a ping of the year 1", _keepalive("media", media=_ping("0001-01-01T00:00:00Z")), 200, BAD_USER_INPUT),
    Case(
        "a ping of the last moment", _keepalive("media", media=_ping("9999-12-31T23:59:59.999Z")), 200, BAD_USER_INPUT
    ),
    Case("a ping before the beginning", _keepalive("media", media=_ping(TS, -1)), 200, BAD_USER_INPUT),
]
