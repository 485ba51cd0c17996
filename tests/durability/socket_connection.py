"""WebSocket connection that executes operations as an `HttpConnection` does."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from tests.transport.resilience.listeners import RawWebSocket, SocketClosed


class SocketConnection:
    def __init__(self, socket: RawWebSocket) -> None:
        self._socket = socket

    async def ask(self, document: str, **variables: Any) -> Any:
        self._socket.subscribe(document, **variables)
        try:
            answer = await self._socket.receive()
            assert answer["type"] == "next", answer
            assert (await self._socket.receive())["type"] == "complete"
        except SocketClosed as error:
            raise ConnectionError("the server closed the connection") from error
        assert "errors" not in answer["payload"], answer
        return answer["payload"]["data"]


@asynccontextmanager
async def connect_socket(port: int) -> AsyncIterator[SocketConnection]:
    socket = await RawWebSocket.open(port)
    try:
        yield SocketConnection(socket)
    finally:
        socket.writer.close()
