"""Single requests over HTTP, as many at once as somebody waits for."""

import asyncio
from time import perf_counter
from typing import Any, Final, NamedTuple

from bench.load_generator import HOST, LoadFailed, UnexpectedResponse, encode_request, parse_response

MAX_IDLE_SECONDS: Final = 4.0
"""For so long a connection is sure to be open still: servers hang up on those that say nothing, ours after 10 s."""


class _IdleConnection(NamedTuple):
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    since: float


class HttpClient:
    """Keeps its connections to one server, and opens another where all are in use."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._idle: list[_IdleConnection] = []

    async def execute(self, document: str, variables: dict[str, Any]) -> bytes:
        """The body of the answer, in which there are no errors and no problems. Raises LoadFailed, Refused."""
        try:
            reader, writer = await self._acquire_connection()
            writer.write(encode_request(self._port, document, variables))
            status, body = await _read_response(reader, writer)
        except OSError as error:
            raise LoadFailed(f"no answer: {error}") from None
        self._idle.append(_IdleConnection(reader, writer, perf_counter()))
        if status != 200 or b'"errors"' in body or b'"code"' in body:
            raise UnexpectedResponse(f"a wrong answer, with status {status}: {body[:500]!r}")
        return body

    async def _acquire_connection(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        while self._idle:
            reader, writer, since = self._idle.pop()
            if perf_counter() < since + MAX_IDLE_SECONDS and not reader.at_eof():
                return reader, writer
            writer.close()
        return await asyncio.open_connection(HOST, self._port)

    def close(self) -> None:
        """Hang up."""
        for idle in self._idle:
            idle.writer.close()
        self._idle.clear()


async def _read_response(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> tuple[int, bytes]:
    received = b""
    while (response := parse_response(received)) is None:
        data = await reader.read(65536)
        if not data:
            writer.close()
            raise LoadFailed("the server has closed a connection without an answer")
        received += data
    return response
