"""Invalid frames and handshakes."""

import asyncio
import struct
from contextlib import closing

import pytest

from tests.polling import TIMEOUT_SECONDS
from tests.transport.websocket.live_server import HANDSHAKE, LiveServer, encode_frame, live_server, text_frame
from transport import TransportSettings
from transport.server import websocket_protocol

INIT = text_frame({"type": "connection_init"})
PING, PONG, CLOSE = 9, 10, 8


async def ended(reader: asyncio.StreamReader) -> tuple[int, list[bytes]]:
    messages: list[bytes] = []
    async with asyncio.timeout(TIMEOUT_SECONDS):
        while True:
            first, length = await reader.readexactly(2)
            if length >= 126:
                length = int.from_bytes(await reader.readexactly(2 if length == 126 else 8), "big")
            data = await reader.readexactly(length)
            if first & 0x0F == CLOSE:
                return struct.unpack("!H", data[:2])[0] if data else 1005, messages
            messages.append(data)


def close(code: int, reason: bytes = b"") -> bytes:
    return encode_frame(CLOSE, struct.pack("!H", code) + reason)


# Also see tests/bad_inputs/websocket_cases.py.
BAD: dict[str, tuple[bytes, int]] = {
    "a reserved opcode": (encode_frame(3), 1002),
    "a close in two pieces": (encode_frame(CLOSE, first=0), 1002),
    "half a character at the end": (encode_frame(1, b"\xe2\x82"), 1007),
    "a message in pieces that is no UTF-8": (encode_frame(1, b"\xe2", first=0) + encode_frame(0, b"("), 1007),
    "a message that says it is too long": (b"\x81\xff" + (2**20 + 1).to_bytes(8, "big") + b"\0\0\0\0", 1009),
    "a message that says it is endless": (b"\x81\xff" + (2**63 - 1).to_bytes(8, "big") + b"\0\0\0\0", 1009),
    "pieces that are too long together": (
        encode_frame(1, b"a" * 2**19, first=0) + encode_frame(0, b"a" * (2**19 + 1)),
        1009,
    ),
    "a message in too many pieces": (
        encode_frame(1, b"a", first=0) + encode_frame(0, first=0) * websocket_protocol.MAX_FRAGMENTS,
        1009,
    ),
    "pings without end": (encode_frame(PING) * (websocket_protocol.FRAME_BURST + 200), 1013),
    "pongs without end": (encode_frame(PONG) * (websocket_protocol.FRAME_BURST + 200), 1013),
}


@pytest.mark.parametrize("what", BAD)
@pytest.mark.parametrize("acknowledged", [True, False], ids=["acknowledged", "new"])
async def test_invalid_frames_close_with_their_code(server: LiveServer, what: str, acknowledged: bool) -> None:
    sent, code = BAD[what]
    reader, writer = await server.raw_connection()
    with closing(writer):
        writer.write((INIT if acknowledged else b"") + sent)
        assert (await ended(reader))[0] == code
        assert await reader.read() == b""
    await server.assert_serves()


async def test_fragmented_message_with_pings_is_accepted(server: LiveServer) -> None:
    reader, writer = await server.raw_connection()
    with closing(writer):
        writer.write(encode_frame(1, b'{"type":', first=0) + encode_frame(PING, b"a") + encode_frame(0, first=0))
        writer.write(
            encode_frame(0, b'"ping","payload":{"\xc3', first=0) + encode_frame(PONG) + encode_frame(0, b'\xa9":1}}')
        )
        expected = encode_frame(PONG, b"a", masked=False) + encode_frame(
            1, '{"type":"pong","payload":{"é":1}}'.encode(), masked=False
        )
        assert await reader.readexactly(len(expected)) == expected


@pytest.mark.parametrize(
    ("sent", "code"), [(close(1000, b"bye"), 1000), (close(4999), 4999), (encode_frame(CLOSE), 1005)]
)
async def test_close_is_answered_with_its_code(server: LiveServer, sent: bytes, code: int) -> None:
    reader, writer = await server.raw_connection()
    with closing(writer):
        writer.write(sent)
        assert (await ended(reader))[0] == code
        assert await reader.read() == b""


async def test_frames_after_close_are_ignored(server: LiveServer) -> None:
    reader, writer = await server.raw_connection()
    with closing(writer):
        writer.write(encode_frame(2, b"x") + INIT + encode_frame(2, b"x"))
        assert await ended(reader) == (4400, [])
    await server.assert_serves()


@pytest.mark.parametrize("rest", [b"", b"\x81", b"\x81\xff\0\0", encode_frame(1, b"abc")[:-1]])
async def test_aborted_connection_is_removed(server: LiveServer, rest: bytes) -> None:
    _, writer = await server.raw_connection()
    writer.write(INIT + rest)
    await writer.drain()
    writer.transport.abort()
    await server.wait_until_empty()
    await server.assert_serves()


HEAD = HANDSHAKE.removesuffix(b"\r\n")
HANDSHAKES: dict[str, tuple[bytes, bytes]] = {
    "by POST": (HANDSHAKE.replace(b"GET", b"POST"), b"405"),
    "by POST with a body": (HEAD.replace(b"GET", b"POST") + b"Content-Length: 5\r\n\r\nhello", b"400"),
    "without a key": (HANDSHAKE.replace(b"Sec-WebSocket-Key", b"X"), b"400"),
    "with half a key": (HANDSHAKE.replace(b"dGhlIHNhbXBsZSBub25jZQ==", b"dGhl"), b"400"),
    "with two keys": (HEAD + b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", b"400"),
    "of an old version": (HANDSHAKE.replace(b"Version: 13", b"Version: 8"), b"400"),
    "with another Host": (HANDSHAKE.replace(b"Host: localhost", b"Host: a b"), b"400"),
    "with two Hosts": (HEAD + b"Host: localhost\r\n\r\n", b"400"),
    "from a foreign page": (HEAD + b"Origin: https://evil.example\r\n\r\n", b"403"),
    "from a page without an origin": (HEAD + b"Origin: null\r\n\r\n", b"403"),
    "from two pages": (HEAD + b"Origin: http://localhost\r\nOrigin: https://evil.example\r\n\r\n", b"400"),
    "to another place": (HANDSHAKE.replace(b"/graphql", b"/nowhere"), b"403"),
    "with more headers than anybody has": (HEAD + b"X: y\r\n" * 200 + b"\r\n", b"400"),
    "with a path of 10,000 letters": (HANDSHAKE.replace(b"/graphql", b"/graphql?" + b"a" * 10_000), b"400"),
}


@pytest.mark.parametrize("what", HANDSHAKES)
async def test_invalid_handshakes_are_rejected(server: LiveServer, what: str) -> None:
    sent, status = HANDSHAKES[what]
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    with closing(writer):
        writer.write(sent)
        async with asyncio.timeout(TIMEOUT_SECONDS):
            answer = await reader.read()
    assert answer.startswith(b"HTTP/1.1 " + status)
    await server.assert_serves()


async def test_frames_before_the_handshake_are_harmless(server: LiveServer) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    with closing(writer):
        writer.write(HANDSHAKE + encode_frame(3) * 100)
        async with asyncio.timeout(TIMEOUT_SECONDS):
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 101 ")
            writer.write(encode_frame(3))
            await ended(reader)
    await server.assert_serves()


async def test_only_allowed_origins_and_own_pages_may_connect() -> None:
    async with live_server(TransportSettings(allowed_origins=("https://app.example",))) as server:
        assert await server.status(origin="https://app.example") == 101
        assert await server.status(origin=f"http://127.0.0.1:{server.port}") == 101
        assert await server.status(origin="http://127.0.0.1:1") == 403
