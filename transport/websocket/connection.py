"""The line to one client: ASGI's messages as three verbs."""

import asyncio
from collections.abc import Callable, Sequence
from math import inf
from typing import Final

from starlette.types import Receive, Scope, Send

from transport.server.websocket_protocol import WEBSOCKET_WRITE

NO_WRITE_EXTENSION: Final = {"write": lambda _texts: False}


class Disconnected(Exception):
    """The client has left."""


class Connection:
    """A connection whose handshake is over."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self._write_now: Callable[[Sequence[bytes]], bool] = scope.get("extensions", {}).get(
            WEBSOCKET_WRITE, NO_WRITE_EXTENSION
        )["write"]
        self._pending_sends = 0

    @property
    def is_blocked(self) -> bool:
        """Whether something waits to be sent."""
        return self._pending_sends > 0

    async def receive(self, deadline: float) -> str | None:
        """The next message; None if it is not text. Raises TimeoutError at a time of the loop's clock, GoneError."""
        async with asyncio.timeout_at(None if deadline == inf else deadline):
            event = await self._receive()
        if event["type"] == "websocket.disconnect":
            raise Disconnected
        text: str | None = event.get("text")
        return text

    def try_send(self, texts: Sequence[bytes]) -> bool:
        """Send messages at once. False where that cannot be, as something waits already or the client is gone: then
        none of them is sent."""
        return not self._pending_sends and self._write_now(texts)

    async def send(self, text: bytes) -> None:
        """Send a message, as soon as the client takes it. Raises GoneError."""
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
        """Send the end, before whatever waits. Raises GoneError."""
        try:
            await self._send({"type": "websocket.close", "code": code, "reason": reason})
        except OSError:
            raise Disconnected from None
