"""Connection to one WebSocket client, over ASGI."""

import asyncio
from collections.abc import Callable, Sequence
from math import inf
from typing import Final

from starlette.types import Receive, Scope, Send

from transport.asgi_extensions import WEBSOCKET_WRITE

NO_WRITE_EXTENSION: Final = {"write": lambda _texts: False}


class Disconnected(Exception):
    """The client has disconnected."""


class Connection:
    """A connection after its handshake."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self._write_now: Callable[[Sequence[bytes]], bool] = scope.get("extensions", {}).get(
            WEBSOCKET_WRITE, NO_WRITE_EXTENSION
        )["write"]
        self._pending_sends = 0

    @property
    def is_blocked(self) -> bool:
        return self._pending_sends > 0

    async def receive(self, deadline: float) -> str | None:
        """Return the next message; None if it is binary.

        Raises:
            TimeoutError: at `deadline`, a time of the event loop's clock.
            Disconnected: the client has disconnected.
        """
        async with asyncio.timeout_at(None if deadline == inf else deadline):
            event = await self._receive()
        if event["type"] == "websocket.disconnect":
            raise Disconnected
        text: str | None = event.get("text")
        return text

    def try_send(self, texts: Sequence[bytes]) -> bool:
        """Send messages without waiting. Returns False, and sends none, where that is impossible."""
        return not self._pending_sends and self._write_now(texts)

    async def send(self, text: bytes) -> None:
        if self.try_send((text,)):
            return
        self._pending_sends += 1
        try:
            await self._send({"type": "websocket.send", "text": text.decode()})
        except OSError:
            raise Disconnected from None
        finally:
            self._pending_sends -= 1

    async def close(self, code: int, reason: str) -> None:
        """Close the connection, ahead of messages that are waiting. Raises Disconnected."""
        try:
            await self._send({"type": "websocket.close", "code": code, "reason": reason})
        except OSError:
            raise Disconnected from None
