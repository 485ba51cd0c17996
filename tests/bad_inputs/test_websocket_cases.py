"""All cases over WebSocket: how the connection ends, and that the next one is served."""

import asyncio
import logging
from contextlib import closing
from pathlib import Path

import orjson
import pytest
from structlog.testing import capture_logs

from tests.api_client import open_api
from tests.bad_inputs.case import CANARY
from tests.bad_inputs.websocket_cases import (
    ACK,
    CLOSE,
    INIT,
    PONG,
    RESULT,
    WEBSOCKET_CASES,
    WebSocketCase,
    subscribe,
    text_frames,
)
from tests.live_server import serve_app
from tests.polling import TIMEOUT_SECONDS
from tests.transport.websocket.live_server import HANDSHAKE, encode_frame
from transport import Limits

PROBE = {"probe": 1}
SHORT_INIT, SHORT_PING = Limits(init_seconds=0.05), Limits(ping_seconds=0.05, pong_seconds=0.05)
VALID_CASE = WebSocketCase("good", text_frames(INIT, subscribe()), None, (ACK, *RESULT))


async def exchange(port: int, case: WebSocketCase) -> tuple[int | None, list[str]]:
    """Run a case. Returns the close code (None: the connection stays open) and the messages before."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**24)
    messages: list[str] = []
    async with asyncio.timeout(TIMEOUT_SECONDS):
        with closing(writer):
            writer.write(case.handshake)
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101 ")
            writer.write(case.frames)
            probed = case.close_code is not None
            while True:
                if not probed and len(messages) >= len(case.messages):
                    writer.write(text_frames({"type": "ping", "payload": PROBE}))
                    probed = True
                first, data = await _read_frame(reader)
                if first == 0x80 | CLOSE:
                    writer.write(encode_frame(CLOSE, data[:2]))
                    assert await reader.read() == b""
                    return int.from_bytes(data[:2], "big"), messages
                if first != 0x81:
                    continue  # a WebSocket pong
                message = orjson.loads(data)
                if message.get("payload") == PROBE:
                    return None, messages
                errors = message["payload"] if message["type"] == "error" else []
                codes = sorted({error["extensions"]["code"] for error in errors})
                messages += [message["type"], *codes]


async def _read_frame(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    first, length = await reader.readexactly(2)
    if length >= 126:
        length = int.from_bytes(await reader.readexactly(2 if length == 126 else 8), "big")
    return first, await reader.readexactly(length)


@pytest.mark.parametrize("case", WEBSOCKET_CASES, ids=lambda case: case.title)
async def test_bad_websocket_input_is_refused_and_harmless(
    port: int, case: WebSocketCase, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="uvicorn")
    with capture_logs() as logged:
        code, messages = await exchange(port, case)
        assert code == case.close_code
        assert (messages if case.close_code is None else messages[: len(case.messages)]) == list(case.messages)
        assert await exchange(port, VALID_CASE) == (None, list(VALID_CASE.messages))
    assert CANARY not in f"{logged} {caplog.text}"
    assert {line["log_level"] for line in logged} == {"info"}
    assert {line["event"] for line in logged} == {"operation"}
    assert [record for record in caplog.records if record.exc_info or record.levelname == "ERROR"] == []


@pytest.mark.parametrize(
    ("case", "limits"),
    [
        (WebSocketCase("no init", b"", 4408), SHORT_INIT),
        (WebSocketCase("pings, and no init", text_frames({"type": "ping"}), 4408, ("pong",)), SHORT_INIT),
        (WebSocketCase("half an init", text_frames(INIT)[:-1], 4408), SHORT_INIT),
        (WebSocketCase("no pong", text_frames(INIT), 4408, (ACK, "ping")), SHORT_PING),
        (WebSocketCase("only a pong frame", text_frames(INIT) + encode_frame(PONG), 4408, (ACK, "ping")), SHORT_PING),
    ],
    ids=lambda value: value.title if isinstance(value, WebSocketCase) else "",
)
async def test_inactive_websocket_is_closed(tmp_path: Path, case: WebSocketCase, limits: Limits) -> None:
    async with open_api(tmp_path / "test.db", limits=limits) as api, serve_app(api.app) as port:
        assert await exchange(port, case) == (case.close_code, list(case.messages))
        assert not api.app.state.streams.subscriptions


def test_websocket_case_titles_are_unique() -> None:
    assert len({case.title for case in WEBSOCKET_CASES}) == len(WEBSOCKET_CASES)
    assert {case.handshake for case in WEBSOCKET_CASES} > {HANDSHAKE}
