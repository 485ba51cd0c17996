"""Bad inputs over WebSocket: what is sent after the handshake, byte by byte, and how the server ends it, if it does."""

import struct
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import orjson

from tests.bad_inputs.case import CANARY
from tests.transport.websocket.live_server import HANDSHAKE, frame

BINARY, CLOSE, PING, PONG = 2, 8, 9, 10

HELLO: Final = {"query": "{ viewer { name } }"}
WATCH: Final = {"query": "subscription { sessionActivities { __typename } }"}


class SocketRow(NamedTuple):
    """What is sent, and what must come of it."""

    what: str
    sent: bytes
    code: int | None
    """Of the server's close frame; null: the socket goes on."""
    told: Sequence[str] = ()
    """What comes before it: types of messages, and the codes of those that are errors."""
    handshake: bytes = HANDSHAKE


def said(*messages: Any) -> bytes:
    """Messages: bytes as they are, anything else as JSON."""
    return b"".join(frame(1, one if isinstance(one, bytes) else orjson.dumps(one)) for one in messages)


INIT: Final = {"type": "connection_init"}
ACK: Final = "connection_ack"
NEXT: Final = ("next", "complete")
PROTOCOL: Final = b"Sec-WebSocket-Protocol: graphql-transport-ws\r\n"


def subscribe(payload: Any = None, **members: Any) -> dict[str, Any]:
    """A subscribe, which the members change."""
    return {"id": "1", "type": "subscribe", "payload": HELLO if payload is None else payload, **members}


def _malformed(what: str, *messages: Any) -> SocketRow:
    return SocketRow(what, said(INIT, *messages), 4400, (ACK,))


def _refused(what: str, payload: Any, code: str) -> SocketRow:
    """One operation is refused; another, and the socket, go on."""
    sent = said(INIT, subscribe(WATCH, id="other"), subscribe(payload), subscribe(id="2"))
    return SocketRow(what, sent, None, (ACK, "error", code, *NEXT))


def _frames(what: str, sent: bytes, code: int) -> SocketRow:
    # What is no frame ends the socket at once, whatever good came before it.
    return SocketRow(what, said(INIT) + sent, code)


HANDSHAKES: Final = [
    SocketRow("no subprotocol", b"", 4406, handshake=HANDSHAKE.replace(PROTOCOL, b"")),
    SocketRow("the legacy subprotocol", b"", 4406, handshake=HANDSHAKE.replace(b"graphql-transport-ws", b"graphql-ws")),
    SocketRow("another subprotocol", b"", 4406, handshake=HANDSHAKE.replace(b"graphql-transport-ws", b"chat")),
    SocketRow("an init over no subprotocol", said(INIT), 4406, handshake=HANDSHAKE.replace(PROTOCOL, b"")),
]

ORDER: Final = [
    SocketRow("init twice", said(INIT, INIT), 4429, (ACK,)),
    SocketRow("init again after an operation", said(INIT, subscribe(WATCH), INIT), 4429, (ACK,)),
    SocketRow("a query before the init", said(subscribe()), 4401),
    SocketRow("a subscription before the init", said(subscribe(WATCH)), 4401),
    SocketRow("complete before the init", said({"id": "1", "type": "complete"}, INIT), None, (ACK,)),
    SocketRow("an id in use", said(INIT, subscribe(WATCH), subscribe()), 4409, (ACK,)),
    SocketRow("an id in use, for the same", said(INIT, subscribe(WATCH), subscribe(WATCH)), 4409, (ACK,)),
    SocketRow("complete for an unknown id", said(INIT, {"id": CANARY, "type": "complete"}), None, (ACK,)),
    SocketRow(
        "an id that is free again",
        said(INIT, subscribe(WATCH), {"id": "1", "type": "complete"}, subscribe()),
        None,
        (ACK, *NEXT),
    ),
    *(
        SocketRow(f"an init with {orjson.dumps(payload).decode()}", said(INIT | {"payload": payload}), 4400)
        for payload in ([], [1], "x", 1, True)
    ),
]

MESSAGES: Final = [
    _malformed("an empty message", b""),
    _malformed("no JSON", CANARY.encode()),
    _malformed("half a message", b'{"type":"ping"'),
    _malformed("NaN", b'{"type":"ping","payload":{"a":NaN}}'),
    _malformed("[]", []),
    _malformed("1", 1),
    _malformed("null", None),
    _malformed("a string", CANARY),
    _malformed("a batch of messages", [INIT, INIT]),
    _malformed("no type", {"id": "1"}),
    _malformed("an unknown type", {"type": CANARY}),
    _malformed("a type that is a list", {"type": ["ping"]}),
    _malformed("a message of the server", {"id": "1", "type": "next", "payload": {}}),
    _malformed("a message of the legacy protocol", {"id": "1", "type": "start", "payload": HELLO}),
    _malformed("deep JSON in a message", b"[" * 100_000),
    _malformed("a deep object in a message", b'{"a":' * 100_000),
    _malformed("a payload that is a string", subscribe("{viewer{name}}")),
    _malformed("a payload that is a list", subscribe([HELLO])),
    _malformed("no payload", {"id": "1", "type": "subscribe"}),
    _malformed("an id that is a list", subscribe(id=["1"])),
    _malformed("an id that is a number", subscribe(id=1)),
    _malformed("no id", {"type": "subscribe", "payload": HELLO}),
    _malformed("an empty id", subscribe(id="")),
    _malformed("an id of nearly 1 MB", subscribe(id="x" * 1_000_000)),
    _malformed("a query that is a number", subscribe({"query": 1})),
    _malformed("no query in a subscribe", subscribe({})),
    _malformed("variables that are a list", subscribe(HELLO | {"variables": []})),
    _malformed("an operationName that is a number", subscribe(HELLO | {"operationName": 5})),
    _malformed("extensions that are a string", subscribe(HELLO | {"extensions": CANARY})),
    _frames("a binary frame", frame(BINARY, b"\0\1\2"), 4400),
    _frames("a good message in a binary frame", frame(BINARY, orjson.dumps(subscribe())), 4400),
]

STOP: Final = f'mutation {{ stopSession(input: {{id: "{CANARY}"}}) {{ problems {{ code }} }} }}'

OPERATIONS: Final = [
    _refused("a syntax error in a subscribe", {"query": "{"}, "GRAPHQL_PARSE_FAILED"),
    _refused("an unknown field in a subscribe", {"query": f"{{{CANARY}}}"}, "GRAPHQL_VALIDATION_FAILED"),
    _refused("a wrong variable in a subscribe", {
        "query": "query($id: ID!) { session(id: $id) { id } }", "variables": {"id": [CANARY]}
    }, "BAD_USER_INPUT"),
    _refused("NUL in a subscribe", {"query": "{ viewer { name } }", "variables": {"a": "\0"}}, "BAD_USER_INPUT"),
    _refused("aliases in a subscribe", {
        "query": "{" + " ".join(f"a{n}: viewer {{ name }}" for n in range(40)) + "}"
    }, "QUERY_TOO_COMPLEX"),
    _refused("a subscription that cannot begin", {
        "query": "subscription { activeSessions(filter: {active: false}) { __typename } }"
    }, "BAD_USER_INPUT"),
    _refused("an unknown hash in a subscribe", {
        "extensions": {"persistedQuery": {"version": 1, "sha256Hash": CANARY}}
    }, "PERSISTED_QUERY_NOT_FOUND"),
    SocketRow(
        "51 operations",
        said(INIT, *(subscribe(WATCH, id=str(number)) for number in range(51))),
        None,
        (ACK, "error", "QUERY_TOO_COMPLEX"),
    ),
    SocketRow(
        "a mutation of an unknown session",
        said(INIT, subscribe({"query": STOP})),
        None,
        (ACK, *NEXT),
    ),
]  # fmt: skip

FLOODS: Final = [
    _frames("a message of 10 MB", frame(1, b"x" * 10_000_000), 1009),
    _frames("a message that says it has 17 MB", frame(1, b"x" * 17_000_000)[:100], 1009),
    _frames("one byte too many", frame(1, b"x" * (2**20 + 1)), 1009),
    _frames("10,000 pings of WebSocket", frame(PING) * 10_000, 1013),
    _frames("10,000 pieces of a message", frame(1, b"x", first=0) + frame(0, first=0) * 10_000, 1009),
    SocketRow("10,000 pings of the protocol", said(*[{"type": "pong"}] * 10_000), 1013),
    SocketRow("subscribe and complete, again and again", said(
        INIT, *[message for n in range(200) for message in (
            subscribe(WATCH, id=str(n)), {"id": str(n), "type": "complete"},
        )]
    ), 1013, (ACK,)),
]  # fmt: skip


def _close(code: int, reason: bytes = b"") -> bytes:
    return frame(CLOSE, struct.pack("!H", code) + reason)


FRAMES: Final = [
    _frames("an unmasked frame", frame(1, b"{}", masked=False), 1002),
    _frames("a reserved opcode", frame(3), 1002),
    _frames("a reserved control opcode", frame(15), 1002),
    *(_frames(f"reserved bit {n}", frame(1, b"{}", first=0x80 | bit), 1002) for n, bit in enumerate((64, 32, 16), 1)),
    _frames("a bad close code", _close(999), 1002),
    _frames("a close code that is never sent", _close(1006), 1002),
    _frames("a close of one byte", frame(CLOSE, b"\3"), 1002),
    _frames("bad UTF-8 in a close", _close(1000, b"\xff"), 1007),
    _frames("bad UTF-8 in a message", frame(1, b'{"type":"\xff"}'), 1007),
    _frames("a surrogate in a message", frame(1, b'"\xed\xa0\x80"'), 1007),
    _frames("a control frame in pieces", frame(PING, b"a", first=0), 1002),
    _frames("a control frame that is too long", frame(PING, b"a" * 126), 1002),
    _frames("a piece of nothing", frame(0, b"{}"), 1002),
    _frames("a message within another", frame(1, b"{", first=0) + frame(1, b"}"), 1002),
]

SOCKETS: Final = [*HANDSHAKES, *ORDER, *MESSAGES, *OPERATIONS, *FLOODS, *FRAMES]
