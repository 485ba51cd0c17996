"""WebSocket (RFC 6455) as far as a client needs it that only counts: no fragments, no extensions."""

from typing import Final, NamedTuple

from bench.load_generator import HOST, LoadFailed

TEXT: Final = 1
CLOSE: Final = 8
PING: Final = 9
PONG: Final = 10
SUBPROTOCOL: Final = "graphql-transport-ws"


class FrameSpan(NamedTuple):
    """Where the payload of one frame is in what was received."""

    opcode: int
    start: int
    end: int


def handshake_request(port: int) -> bytes:
    """The request for a WebSocket. The key is the one of RFC 6455: nobody in between has to be convinced."""
    return (
        f"GET /graphql HTTP/1.1\r\nHost: {HOST}:{port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        f"Sec-WebSocket-Protocol: {SUBPROTOCOL}\r\n\r\n"
    ).encode()


def encode_frame(payload: bytes, opcode: int = TEXT) -> bytes:
    """One frame of a client. Its mask is of zeros, which change nothing."""
    length, mask = len(payload), b"\0\0\0\0"
    if length < 126:
        head = bytes((0x80 | opcode, 0x80 | length))
    elif length < 65536:
        head = bytes((0x80 | opcode, 0x80 | 126)) + length.to_bytes(2, "big")
    else:
        head = bytes((0x80 | opcode, 0x80 | 127)) + length.to_bytes(8, "big")
    return head + mask + payload


def split_frames(received: bytes) -> tuple[list[FrameSpan], int]:
    """The whole frames in what a server has sent, and where the rest begins, which is a part of one.

    Raises LoadFailed.
    """
    spans: list[FrameSpan] = []
    begin, total = 0, len(received)
    while begin + 2 <= total:
        length, start = received[begin + 1], begin + 2
        if length == 126:
            start += 2
            length = int.from_bytes(received[begin + 2 : start], "big")
        elif length == 127:
            start += 8
            length = int.from_bytes(received[begin + 2 : start], "big")
        elif length > 127:
            raise LoadFailed("the server has sent a masked frame")
        end = start + length
        if start > total or end > total:
            break
        spans.append(FrameSpan(received[begin] & 0x0F, start, end))
        begin = end
    return spans, begin
