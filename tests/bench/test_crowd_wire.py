"""Frames as WebSocket's authors write them, and whole however they arrive."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode
from websockets.protocol import SERVER
from websockets.server import ServerProtocol

from bench.load_generator import LoadFailed
from bench.subscribers.frames import TEXT, encode_frame, handshake_request, split_frames

BINARY = 2
lengths = st.one_of(st.integers(0, 300), st.sampled_from([125, 126, 127, 65_535, 65_536, 70_000]))
opcodes = st.sampled_from([TEXT, BINARY])


def whole(received: bytes) -> list[tuple[int, bytes]]:
    """The frames of what was received, which are complete."""
    spans, begin = split_frames(received)
    assert begin == len(received)
    return [(opcode, received[start:end]) for opcode, start, end in spans]


@given(st.lists(st.tuples(opcodes, lengths), max_size=5), st.data())
def test_frames_are_found_wherever_what_is_received_is_cut(sizes: list[tuple[int, int]], data: st.DataObject) -> None:
    frames = [(opcode, bytes([number]) * length) for number, (opcode, length) in enumerate(sizes)]
    sent = b"".join(Frame(Opcode(opcode), payload).serialize(mask=False) for opcode, payload in frames)
    cut = data.draw(st.integers(0, len(sent)))
    spans, begin = split_frames(sent[:cut])
    first = [(opcode, sent[start:end]) for opcode, start, end in spans]
    assert first + whole(sent[begin:]) == frames


@pytest.mark.parametrize("length", [0, 1, 125, 126, 65_535, 65_536])
def test_a_server_reads_what_is_masked(length: int) -> None:
    server = ServerProtocol(max_size=None)
    server.receive_data(handshake_request(1234))
    (request,) = server.events_received()
    assert request.headers["Sec-WebSocket-Protocol"] == "graphql-transport-ws"  # type: ignore[union-attr]  # a request
    server.send_response(server.accept(request))  # type: ignore[arg-type]  # the same
    server.receive_data(encode_frame(b"x" * length))
    (frame,) = server.events_received()
    assert isinstance(frame, Frame)
    assert (frame.opcode, bytes(frame.data), server.side) == (Opcode.TEXT, b"x" * length, SERVER)


def test_a_masked_frame_of_a_server_is_a_failure() -> None:
    with pytest.raises(LoadFailed, match="masked"):
        split_frames(encode_frame(b"x"))
