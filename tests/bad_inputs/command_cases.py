"""Calls that name a session, and what is wrong with them."""

from typing import Any, Final

from tests.bad_inputs.case import CANARY, COMPLEX, INPUT, Known, Row, Sent, asking, mutation

UNKNOWN_ID: Final = "s_" + "x" * 22
TS: Final = "2026-05-28T20:26:40Z"
DELETION: Final = "mutation($id: ID!) { deleteSession(id: $id) { problems { code } } }"


def _on(name: str, **fields: Any) -> Sent:
    """A keepalive for one of the known sessions."""

    def sent(known: Known) -> bytes:
        return mutation("keepaliveSession", {"id": getattr(known, name), **fields})

    return sent


def _ping(ts: str, playhead: float = 1) -> dict[str, Any]:
    return {"playerTime": {"playhead": playhead, "ts": ts}}


def _named(call: str, name: str) -> Row:
    """What every other call says of a session that is over."""
    code = None if (call, name) == ("stopSession", "stopped") else "SESSION_ENDED"
    return Row(
        f"{call} on a session that {name}", lambda known: mutation(call, {"id": getattr(known, name)}), 200, code
    )


CALLS: Final = [
    Row("keepalive of an unknown session", mutation("keepaliveSession", {"id": UNKNOWN_ID}), 200, "NOT_FOUND"),
    Row("keepalive of no id", mutation("keepaliveSession", {"id": ""}), 200, "NOT_FOUND"),
    Row("keepalive of an id of 1 MB", mutation("keepaliveSession", {"id": CANARY * 100_000}), 200, "NOT_FOUND"),
    *(
        _named(call, name)
        for call in ("keepaliveSession", "hideSession", "stopSession")
        for name in ("stopped", "expired")
    ),
    Row(
        "deletion of an unknown session",
        asking(DELETION, id=CANARY),
        200,
        "NOT_FOUND",
    ),
    Row("a sequence for the first time", _on("active", sequence=7), 200),
    Row("an old sequence", _on("active", sequence=3, visible=False), 200),
    Row("an equal sequence", _on("active", sequence=7, visible=False), 200),
    Row("a negative sequence", _on("active", sequence=-1), 200, INPUT),
    Row("a sequence of 2^31", _on("active", sequence=2**31), 400, INPUT),
    Row("a sequence of 2^63", _on("active", sequence=2**63), 400, INPUT),
    Row("a sequence of text", _on("active", sequence="7"), 400, INPUT),
    Row("9 segments", _on("active", path=["a"] * 9), 200, INPUT),
    Row("501 segments", _on("active", path=["a"] * 501), 400, COMPLEX),
    Row("a segment of 1 MB", _on("active", path=[CANARY * 100_000]), 200, INPUT),
    Row("a ping for a user", _on("active", media=_ping(TS)), 200, INPUT),
    Row("a ping years ahead", _on("media", media=_ping("2036-05-28T20:26:40Z")), 200, INPUT),
    Row("a ping years behind", _on("media", media=_ping("2016-05-28T20:26:40Z")), 200, INPUT),
    Row("a ping of the year 1", _on("media", media=_ping("0001-01-01T00:00:00Z")), 200, INPUT),
    Row("a ping of the last moment", _on("media", media=_ping("9999-12-31T23:59:59.999Z")), 200, INPUT),
    Row("a ping before the beginning", _on("media", media=_ping(TS, -1)), 200, INPUT),
]
