"""Clients that write, and record acknowledged writes."""

import asyncio
from contextlib import closing
from itertools import count
from typing import Final

import orjson

from bench.load_generator import HOST, parse_response
from tests.transport.resilience.listeners import RawWebSocket, SocketClosed, post

START: Final = """mutation($name: String!) { startSession(input: {variant: {user: {username: $name}}}) {
    session { subject } problems { code } } }"""


class WriteLog:
    def __init__(self) -> None:
        self.acknowledged: set[str] = set()
        self.refused: list[int] = []
        """Statuses of responses other than 200."""
        self._names = count()
        self._waiting: tuple[int, asyncio.Event] | None = None

    async def wait_for_more(self, number: int) -> None:
        reached = asyncio.Event()
        self._waiting = len(self.acknowledged) + number, reached
        await reached.wait()

    def next_name(self) -> str:
        return f"name {next(self._names)}"

    def record(self, result: object, name: str) -> None:
        assert result == {"data": {"startSession": {"session": {"subject": name}, "problems": []}}}, result
        self.acknowledged.add(name)
        if self._waiting is not None and len(self.acknowledged) >= self._waiting[0]:
            self._waiting[1].set()


async def write_over_http(port: int, writes: WriteLog) -> None:
    reader, writer = await asyncio.open_connection(HOST, port)
    with closing(writer):
        while True:
            name = writes.next_name()
            writer.write(post(START, name=name))
            if (answer := await _read_response(reader)) is None:
                return None
            status, body = answer
            if status != 200:
                return writes.refused.append(status)
            writes.record(orjson.loads(body), name)


async def _read_response(reader: asyncio.StreamReader) -> tuple[int, bytes] | None:
    received = b""
    while (answer := parse_response(received)) is None:
        try:
            received += (piece := await reader.read(65_536))
        except ConnectionError:
            piece = b""
        if not piece:
            assert not received, "half an answer"
            return None
    return answer


async def write_over_socket(port: int, writes: WriteLog) -> None:
    socket = await RawWebSocket.open(port)
    try:
        while True:
            name = writes.next_name()
            socket.subscribe(START, name=name)
            received = await socket.receive()
            assert received["type"] == "next", received
            writes.record(received["payload"], name)
            assert (await socket.receive())["type"] == "complete"
    except SocketClosed as closed:
        assert closed.code == 1012  # noqa: PT017 - the expected end
    finally:
        await socket.wait_closed()


async def write_in_two_parts(port: int, writes: WriteLog, go_on: asyncio.Event) -> int:
    reader, writer = await asyncio.open_connection(HOST, port)
    with closing(writer):
        name = writes.next_name()
        sent = post(START, name=name)
        writer.write(sent[:-7])
        await go_on.wait()
        writer.write(sent[-7:])
        answer = await _read_response(reader)
        assert answer is not None
        if answer[0] == 200:
            writes.record(orjson.loads(answer[1]), name)
        return answer[0]
