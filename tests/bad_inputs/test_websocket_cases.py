"""The table of bad inputs over WebSocket: how each ends, and that others are served as if nothing had been."""

import asyncio
import logging
from contextlib import closing
from pathlib import Path
from typing import Any

import orjson
import pytest
from structlog.testing import capture_logs

from tests.api_client import open_world
from tests.bad_inputs.case import CANARY
from tests.bad_inputs.websocket_cases import ACK, CLOSE, INIT, NEXT, PONG, SOCKETS, SocketRow, said, subscribe
from tests.in_process_server import listening
from tests.polling import PATIENCE
from tests.transport.websocket.live_server import HANDSHAKE, frame
from transport import Limits

PROBE = {"probe": 1}
GOOD = SocketRow("good", said(INIT, subscribe()), None, (ACK, *NEXT))


async def exchanged(port: int, row: SocketRow) -> tuple[int | None, list[str]]:
    """The code with which the server closes, and what it said before; null if it still answers."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**24)
    told: list[str] = []
    async with asyncio.timeout(PATIENCE):
        with closing(writer):
            writer.write(row.handshake)
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101 ")
            writer.write(row.sent)
            probed = row.code is not None
            while True:
                if not probed and len(told) >= len(row.told):
                    writer.write(said({"type": "ping", "payload": PROBE}))
                    probed = True
                first, data = await _frame(reader)
                if first == 0x80 | CLOSE:
                    writer.write(frame(CLOSE, data[:2]))
                    assert await reader.read() == b""
                    return int.from_bytes(data[:2], "big"), told
                if first != 0x81:
                    continue  # a pong of WebSocket
                message = orjson.loads(data)
                if message.get("payload") == PROBE:
                    return None, told
                told += [message["type"], *_codes(message)]


async def _frame(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    first, length = await reader.readexactly(2)
    if length >= 126:
        length = int.from_bytes(await reader.readexactly(2 if length == 126 else 8), "big")
    return first, await reader.readexactly(length)


def _codes(message: dict[str, Any]) -> list[str]:
    if message["type"] != "error":
        return []
    return sorted({error["extensions"]["code"] for error in message["payload"]})


@pytest.mark.parametrize("row", SOCKETS, ids=lambda row: row.what)
async def test_a_bad_input_over_websocket_is_ended_as_it_should_and_harms_nothing(
    port: int, row: SocketRow, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="uvicorn")
    with capture_logs() as logged:
        code, told = await exchanged(port, row)
        assert code == row.code
        assert (told if row.code is None else told[: len(row.told)]) == list(row.told)
        assert await exchanged(port, GOOD) == (None, list(GOOD.told))
    assert CANARY not in f"{logged} {caplog.text}"
    assert {line["log_level"] for line in logged} == {"info"}
    assert {line["event"] for line in logged} == {"operation"}
    assert [record for record in caplog.records if record.exc_info or record.levelname == "ERROR"] == []


@pytest.mark.parametrize(
    ("row", "limits"),
    [
        (SocketRow("no init", b"", 4408), Limits(init_seconds=0.05)),
        (SocketRow("pings, and no init", said({"type": "ping"}), 4408, ("pong",)), Limits(init_seconds=0.05)),
        (SocketRow("half an init", said(INIT)[:-1], 4408), Limits(init_seconds=0.05)),
        (SocketRow("no pong", said(INIT), 4408, (ACK, "ping")), Limits(ping_seconds=0.05, pong_seconds=0.05)),
        (
            SocketRow("pongs of WebSocket only", said(INIT) + frame(PONG), 4408, (ACK, "ping")),
            Limits(ping_seconds=0.05, pong_seconds=0.05),
        ),
    ],
    ids=lambda value: value.what if isinstance(value, SocketRow) else "",
)
async def test_who_does_not_come_to_the_point_is_closed(tmp_path: Path, row: SocketRow, limits: Limits) -> None:
    async with open_world(tmp_path / "test.db", limits=limits) as world, listening(world.app) as port:
        assert await exchanged(port, row) == (row.code, list(row.told))
        assert not world.app.state.streams.subscriptions


def test_no_row_over_websocket_is_there_twice() -> None:
    assert len({row.what for row in SOCKETS}) == len(SOCKETS)
    assert {row.handshake for row in SOCKETS} > {HANDSHAKE}
