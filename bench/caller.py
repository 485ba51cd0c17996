"""Single requests over HTTP, as many at once as somebody waits for."""

import asyncio
from typing import Any

from bench.load import HOST, LoadFailed, encode_request, parse_response


class Caller:
    """Keeps its connections to one server, and opens another where all are in use."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def ask(self, document: str, variables: dict[str, Any]) -> bytes:
        """The body of the answer, in which there are neither errors nor problems. Raises LoadFailed."""
        try:
            reader, writer = await self._connection()
            writer.write(encode_request(self._port, document, variables))
            status, body = await _answer(reader, writer)
        except OSError as error:
            raise LoadFailed(f"no answer: {error}") from None
        self._idle.append((reader, writer))
        if status != 200 or b'"errors"' in body or b'"code"' in body:
            raise LoadFailed(f"a wrong answer, with status {status}: {body[:500]!r}")
        return body

    async def _connection(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        while self._idle:
            reader, writer = self._idle.pop()
            if not reader.at_eof():  # the server hangs up on who says nothing, and when it stops
                return reader, writer
            writer.close()
        return await asyncio.open_connection(HOST, self._port)

    def close(self) -> None:
        """Hang up."""
        for _, writer in self._idle:
            writer.close()
        self._idle.clear()


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> tuple[int, bytes]:
    received = b""
    while (answer := parse_response(received)) is None:
        data = await reader.read(65536)
        if not data:
            writer.close()
            raise LoadFailed("the server has closed a connection without an answer")
        received += data
    return answer
