"""Heads that are sent with their bodies: the bytes are those that uvicorn sends."""

import asyncio
import logging
from typing import Any, Final

import pytest
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from transport.server.http_cycle import HttpCycle

TYPE: Final = (b"Content-Type", b"text/plain")
LENGTH_5: Final = (b"content-length", b"5")
CHUNKED: Final = (b"transfer-encoding", b"chunked")
CLOSE: Final = (b"Connection", b"keep-alive, Close")

Message = dict[str, Any]


def head(status: int, *headers: tuple[bytes, bytes]) -> Message:
    return {"type": "http.response.start", "status": status, "headers": list(headers)}


def body(chunk: bytes = b"", *, more: bool = False) -> Message:
    return {"type": "http.response.body", "body": chunk, "more_body": more}


RESPONSES: Final[dict[str, list[Message]]] = {
    "whole": [head(200, TYPE, LENGTH_5), body(b"hello")],
    "in parts": [head(200, LENGTH_5), body(b"he", more=True), body(b"llo")],
    "empty first part": [head(200, LENGTH_5), body(more=True), body(b"hello")],
    "chunked": [head(200, TYPE), body(b"he", more=True), body(b"llo", more=True), body()],
    "said to be chunked": [head(200, CHUNKED), body(b"hello")],
    "both": [head(200, LENGTH_5, CHUNKED), body(b"hello")],
    "closing": [head(503, LENGTH_5, CLOSE), body(b"hello")],
    "no content": [head(204), body()],
    "not modified": [head(304, TYPE), body()],
    "nothing": [head(200, (b"content-length", b"0")), body()],
    "unknown status": [head(299, LENGTH_5), body(b"hello")],
    "too long": [head(200, LENGTH_5), body(b"hello, you")],
    "too short": [head(200, LENGTH_5), body(b"he")],
    "bad name": [head(200, (b"a b", b"c")), body()],
    "bad value": [head(200, (b"a", b"c\r\nd: e")), body()],
    "body first": [body(b"hello")],
    "two heads": [head(200, LENGTH_5), head(200, LENGTH_5)],
    "two bodies": [head(200, LENGTH_5), body(b"hello"), body(b"hello")],
}


class FakeTransport:
    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.closed = False

    def write(self, data: bytes) -> None:
        self.written.append(data)

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed


async def respond(
    class_: type[RequestResponseCycle], messages: list[Message], method: str, *, keep_alive: bool
) -> tuple[FakeTransport, Any]:
    """Send messages. Returns what was written, and everything else that can be seen of the cycle."""
    transport: Any = FakeTransport()
    done: list[str] = []
    cycle = class_(
        scope={"type": "http", "method": method},  # type: ignore[typeddict-item]  # the rest is not read
        transport=transport,
        flow=FlowControl(transport),
        logger=logging.getLogger("unused"),
        access_logger=logging.getLogger("unused"),
        access_log=False,
        default_headers=[(b"date", b"today")],
        message_event=asyncio.Event(),
        expect_100_continue=True,
        keep_alive=keep_alive,
        on_response=lambda: done.append("done"),
    )
    error = ""
    try:
        for message in messages:
            await cycle.send(message)  # type: ignore[arg-type]  # a dict of one of the kinds
    except RuntimeError as raised:
        error = str(raised)
    seen = (cycle.response_started, cycle.response_complete, cycle.keep_alive, cycle.message_event.is_set())
    return transport, (error, done, transport.closed, cycle.waiting_for_100_continue, *seen)


@pytest.mark.parametrize("keep_alive", [True, False])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("name", RESPONSES)
async def test_response_is_that_of_uvicorn(name: str, method: str, *, keep_alive: bool) -> None:
    messages = RESPONSES[name]
    expected, expected_state = await respond(RequestResponseCycle, messages, method, keep_alive=keep_alive)
    sent, state = await respond(HttpCycle, messages, method, keep_alive=keep_alive)
    assert b"".join(sent.written) == b"".join(expected.written)
    assert state == expected_state


@pytest.mark.parametrize(
    ("name", "writes"), [("whole", 1), ("in parts", 3), ("chunked", 4), ("nothing", 1), ("closing", 1)]
)
async def test_whole_response_is_one_write(name: str, writes: int) -> None:
    sent, _ = await respond(HttpCycle, RESPONSES[name], "GET", keep_alive=True)
    assert len([data for data in sent.written if data]) == writes


async def test_head_of_stream_is_sent_before_its_first_event() -> None:
    sent, _ = await respond(HttpCycle, [head(200, TYPE)], "GET", keep_alive=True)
    assert b"".join(sent.written).startswith(b"HTTP/1.1 200 OK\r\n")


async def test_nothing_is_written_for_a_client_that_has_disconnected() -> None:
    class Gone(HttpCycle):
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            self.disconnected = True

    sent, _ = await respond(Gone, RESPONSES["whole"], "GET", keep_alive=True)
    assert sent.written == []
