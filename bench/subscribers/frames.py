"""WebSocket framing (RFC 6455) for a client that only counts: no fragments, no extensions, masks of zeros."""

from typing import Final, NamedTuple

from bench.load_generator import HOST, LoadFailed

TEXT: Final = 1
CLOSE: Final = 8
PING: Final = 9
PONG: Final = 10


class FrameSpan(NamedTuple):
    """Where the payload of a frame lies in the received bytes."""

    opcode: int
    start: int
    end: int


def handshake_request(port: int) -> bytes:
    # The key is the sample of RFC 6455: no proxy has to be convinced here.
    return (
        f"GET /graphql HTTP/1.1\r\nHost: {HOST}:{port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        "Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n"
    ).encode()


def encode_frame(payload: bytes, opcode: int = TEXT) -> bytes:
    length, mask = len(payload), b"\0\0\0\0"
    if length < 126:
        head = bytes((0x80 | opcode, 0x80 | length))
    elif length < 65536:
        head = bytes((0x80 | opcode, 0x80 | 126)) + length.to_bytes(2, "big")
    else:
        head = bytes((0x80 | opcode, 0x80 | 127)) + length.to_bytes(8, "big")
    return head + mask + payload


def split_frames(received: bytes) -> tuple[list[FrameSpan], int]:
    """Find the complete frames; also return the offset of the incomplete rest. Raises LoadFailed."""
    spans: list[FrameSpan] = []
    offset, total = 0, len(received)
    while offset + 2 <= total:
        length, start = received[offset + 1], offset + 2
        if length > 127:
            raise LoadFailed("the server sent a masked frame")
        if length >= 126:
            start += 2 if length == 126 else 8
            length = int.from_bytes(received[offset + 2 : start], "big")
        end = start + length
        if start > total or end > total:
            break
        spans.append(FrameSpan(received[offset] & 0x0F, start, end))
        offset = end
    return spans, offset
