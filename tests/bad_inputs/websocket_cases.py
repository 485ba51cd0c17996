"""Cases: WebSocket frames and messages."""

import struct
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import orjson

from tests.bad_inputs.case import CANARY
from tests.transport.websocket.live_server import HANDSHAKE, encode_frame

BINARY, CLOSE, PING, PONG = 2, 8, 9, 10

VIEWER_QUERY: Final = {"query": "{ viewer { name } }"}
SUBSCRIPTION: Final = {"query": "subscription { sessionActivities { __typename } }"}


class WebSocketCase(NamedTuple):
    title: str
    frames: bytes
    close_code: int | None
    """None: the connection stays open."""
    messages: Sequence[str] = ()
    """Types of the messages before the close, and the codes of errors among them."""
    handshake: bytes = HANDSHAKE


def text_frames(*messages: Any) -> bytes:
    """Encode messages: bytes as they are, anything else as JSON."""
    return b"".join(
        encode_frame(1, message if isinstance(message, bytes) else orjson.dumps(message)) for message in messages
    )


INIT: Final = {"type": "connection_init"}
ACK: Final = "connection_ack"
RESULT: Final = ("next", "complete")


def subscribe(payload: Any = None, **members: Any) -> dict[str, Any]:
    return {"id": "1", "type": "subscribe", "payload": VIEWER_QUERY if payload is None else payload, **members}


def _malformed(what: str, *messages: Any) -> WebSocketCase:
    return WebSocketCase(what, text_frames(INIT, *messages), 4400, (ACK,))


def _operation_rejected(what: str, payload: Any, code: str) -> WebSocketCase:
    """The operation is rejected; another one and the connection continue."""
    sent = text_frames(INIT, subscribe(SUBSCRIPTION, id="other"), subscribe(payload), subscribe(id="2"))
    return WebSocketCase(what, sent, None, (ACK, "error", code, *RESULT))


def _closes_at_once(what: str, sent: bytes, code: int) -> WebSocketCase:
    # An invalid frame closes the connection at once, whatever came before it.
    return WebSocketCase(what, text_frames(INIT) + sent, code)


NO_SUBPROTOCOL: Final = HANDSHAKE.replace(b"Sec-WebSocket-Protocol: graphql-transport-ws\r\n", b"")
HANDSHAKE_CASES: Final = [
    WebSocketCase("no subprotocol", b"", 4406, handshake=NO_SUBPROTOCOL),
    WebSocketCase("an init over no subprotocol", text_frames(INIT), 4406, handshake=NO_SUBPROTOCOL),
    *(
        WebSocketCase(name.decode(), b"", 4406, handshake=HANDSHAKE.replace(b"graphql-transport-ws", name))
        for name in (b"graphql-ws", b"chat")
    ),
]

ORDER_CASES: Final = [
    WebSocketCase("init twice", text_frames(INIT, INIT), 4429, (ACK,)),
    WebSocketCase("init again after an operation", text_frames(INIT, subscribe(SUBSCRIPTION), INIT), 4429, (ACK,)),
    WebSocketCase("a query before the init", text_frames(subscribe()), 4401),
    WebSocketCase("a subscription before the init", text_frames(subscribe(SUBSCRIPTION)), 4401),
    WebSocketCase("complete before the init", text_frames({"id": "1", "type": "complete"}, INIT), None, (ACK,)),
    WebSocketCase("an id in use", text_frames(INIT, subscribe(SUBSCRIPTION), subscribe()), 4409, (ACK,)),
    WebSocketCase(
        "an id in use, for the same", text_frames(INIT, subscribe(SUBSCRIPTION), subscribe(SUBSCRIPTION)), 4409, (ACK,)
    ),
    WebSocketCase("complete for an unknown id", text_frames(INIT, {"id": CANARY, "type": "complete"}), None, (ACK,)),
    WebSocketCase(
        "an id that is free again",
        text_frames(INIT, subscribe(SUBSCRIPTION), {"id": "1", "type": "complete"}, subscribe()),
        None,
        (ACK, *RESULT),
    ),
    *(
        WebSocketCase(f"an init with {orjson.dumps(payload).decode()}", text_frames(INIT | {"payload": payload}), 4400)
        for payload in ([], [1], "x", 1, True)
    ),
]

MESSAGE_CASES: Final = [
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
    _malformed("a message of the legacy protocol", {"id": "1", "type": "start", "payload": VIEWER_QUERY}),
    _malformed("deep JSON in a message", b"[" * 100_000),
    _malformed("a deep object in a message", b'{"a":' * 100_000),
    _malformed("a payload that is a string", subscribe("{viewer{name}}")),
    _malformed("a payload that is a list", subscribe([VIEWER_QUERY])),
    _malformed("no payload", {"id": "1", "type": "subscribe"}),
    _malformed("an id that is a list", subscribe(id=["1"])),
    _malformed("an id that is a number", subscribe(id=1)),
    _malformed("no id", {"type": "subscribe", "payload": VIEWER_QUERY}),
    _malformed("an empty id", subscribe(id="")),
    _malformed("an id of nearly 1 MB", subscribe(id="x" * 1_000_000)),
    _malformed("a query that is a number", subscribe({"query": 1})),
    _malformed("no query in a subscribe", subscribe({})),
    _malformed("variables that are a list", subscribe(VIEWER_QUERY | {"variables": []})),
    _malformed("an operationName that is a number", subscribe(VIEWER_QUERY | {"operationName": 5})),
    _malformed("extensions that are a string", subscribe(VIEWER_QUERY | {"extensions": CANARY})),
    _closes_at_once("a binary frame", encode_frame(BINARY, b"\0\1\2"), 4400),
    _closes_at_once("a good message in a binary frame", encode_frame(BINARY, orjson.dumps(subscribe())), 4400),
]

STOP: Final = f'mutation {{ stopSession(input: {{id: "{CANARY}"}}) {{ problems {{ code }} }} }}'

OPERATION_CASES: Final = [
    _operation_rejected("a syntax error in a subscribe", {"query": "{"}, "GRAPHQL_PARSE_FAILED"),
    _operation_rejected("an unknown field in a subscribe", {"query": f"{{{CANARY}}}"}, "GRAPHQL_VALIDATION_FAILED"),
    _operation_rejected("a wrong variable in a subscribe", {
        "query": "query($id: ID!) { session(id: $id) { id } }", "variables": {"id": [CANARY]}
    }, "BAD_USER_INPUT"),
    _operation_rejected(
        "NUL in a subscribe", {"query": "{ viewer { name } }", "variables": {"a": "\0"}}, "BAD_USER_INPUT"
    ),
    _operation_rejected("aliases in a subscribe", {
        "query": "{" + " ".join(f"a{n}: viewer {{ name }}" for n in range(40)) + "}"
    }, "QUERY_TOO_COMPLEX"),
    _operation_rejected("a subscription that cannot begin", {
        "query": "subscription { activeSessions(filter: {active: false}) { __typename } }"
    }, "BAD_USER_INPUT"),
    _operation_rejected("an unknown hash in a subscribe", {
        "extensions": {"persistedQuery": {"version": 1, "sha256Hash": CANARY}}
    }, "PERSISTED_QUERY_NOT_FOUND"),
    WebSocketCase(
        "51 operations", text_frames(INIT, *(subscribe(SUBSCRIPTION, id=str(number)) for number in range(51))), None,
        (ACK, "error", "QUERY_TOO_COMPLEX")
    ),
    WebSocketCase(
        "a mutation of an unknown session", text_frames(INIT, subscribe({"query": STOP})), None, (ACK, *RESULT)
    )
]  # fmt: skip

FLOOD_CASES: Final = [
    _closes_at_once("a message of 10 MB", encode_frame(1, b"x" * 10_000_000), 1009),
    _closes_at_once("a message that says it has 17 MB", encode_frame(1, b"x" * 17_000_000)[:100], 1009),
    _closes_at_once("one byte too many", encode_frame(1, b"x" * (2**20 + 1)), 1009),
    _closes_at_once("10,000 pings of WebSocket", encode_frame(PING) * 10_000, 1013),
    _closes_at_once(
        "10,000 pieces of a message", encode_frame(1, b"x", first=0) + encode_frame(0, first=0) * 10_000, 1009
    ),
    WebSocketCase("10,000 pings of the protocol", text_frames(*[{"type": "pong"}] * 10_000), 1013),
    WebSocketCase("subscribe and complete, again and again", text_frames(
        INIT, *[message for n in range(200) for message in (
            subscribe(SUBSCRIPTION, id=str(n)), {"id": str(n), "type": "complete"}
        )]
    ), 1013, (ACK,))
]  # fmt: skip


def _close_frame(code: int, reason: bytes = b"") -> bytes:
    return encode_frame(CLOSE, struct.pack("!H", code) + reason)


FRAME_CASES: Final = [
    _closes_at_once("an unmasked frame", encode_frame(1, b"{}", masked=False), 1002),
    _closes_at_once("a reserved opcode", encode_frame(3), 1002),
    _closes_at_once("a reserved control opcode", encode_frame(15), 1002),
    *(
        _closes_at_once(f"reserved bit {n}", encode_frame(1, b"{}", first=0x80 | bit), 1002)
        for n, bit in enumerate((64, 32, 16), 1)
    ),
    _closes_at_once("a bad close code", _close_frame(999), 1002),
    _closes_at_once("a close code that is never sent", _close_frame(1006), 1002),
    _closes_at_once("a close of one byte", encode_frame(CLOSE, b"\3"), 1002),
    _closes_at_once("bad UTF-8 in a close", _close_frame(1000, b"\xff"), 1007),
    _closes_at_once("bad UTF-8 in a message", encode_frame(1, b'{"type":"\xff"}'), 1007),
    _closes_at_once("a surrogate in a message", encode_frame(1, b'"\xed\xa0\x80"'), 1007),
    _closes_at_once("a control frame in pieces", encode_frame(PING, b"a", first=0), 1002),
    _closes_at_once("a control frame that is too long", encode_frame(PING, b"a" * 126), 1002),
    _closes_at_once("a piece of nothing", encode_frame(0, b"{}"), 1002),
    _closes_at_once("a message within another", encode_frame(1, b"{", first=0) + encode_frame(1, b"}"), 1002),
]

WEBSOCKET_CASES: Final = [*HANDSHAKE_CASES, *ORDER_CASES, *MESSAGE_CASES, *OPERATION_CASES, *FLOOD_CASES, *FRAME_CASES]
