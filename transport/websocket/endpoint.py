"""ASGI endpoint of GraphQL over WebSocket."""

from collections import Counter
from typing import Final

from starlette.types import Receive, Scope, Send

from transport.clients import Access
from transport.errors import RequestError
from transport.http.headers import header_values
from transport.http.middleware import check_host
from transport.settings import TransportSettings
from transport.subscriptions import StreamManager
from transport.websocket.connection import Connection
from transport.websocket.handler import ConnectionHandler
from transport.websocket.protocol import CloseCode

SUBPROTOCOL: Final = "graphql-transport-ws"
LEGACY_SUBPROTOCOL: Final = "graphql-ws"
"""Of the older protocol subscriptions-transport-ws, which is rejected."""


class WebSocketEndpoint:
    """GraphQL over WebSocket, as a Starlette route: `WebSocketRoute("/graphql", WebSocketEndpoint(…))`.

    The handshake is rejected with 400 (Host), 403 (Origin), 429 (too many sockets from one address) or 503 (the server
    is stopping). `access.authenticate` is called once after `connection_init`, whose payload `connection_params`
    returns. An exception from it closes the socket: with 4403 if its code in `extensions` is UNAUTHENTICATED or
    FORBIDDEN, else with 1013. `access.make_context` is called for each operation: UNAUTHENTICATED closes the socket
    with 4403; any other exception is the operation's error.
    """

    def __init__(self, streams: StreamManager, access: Access, settings: TransportSettings) -> None:
        self._streams = streams
        self._access = access
        self._settings = settings
        self._sockets_by_address: Counter[str] = Counter()

    def __len__(self) -> int:
        return self._sockets_by_address.total()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()  # websocket.connect
        address = scope["client"][0] if scope.get("client") else ""
        if status := await self._rejection_status(scope, address):
            return await reject_handshake(scope, send, status)
        self._sockets_by_address[address] += 1
        try:
            await self._serve(scope, receive, send)
        except OSError:  # the client disconnected during the handshake
            pass
        finally:
            self._sockets_by_address[address] -= 1
            if not self._sockets_by_address[address]:
                del self._sockets_by_address[address]

    async def _rejection_status(self, scope: Scope, address: str) -> int | None:
        try:
            check_host(scope, self._settings.served_hosts)
        except RequestError as refusal:
            return refusal.status
        origins, hosts = header_values(scope, b"origin"), header_values(scope, b"host")
        foreign = [origin for origin in origins if not self._settings.origins.allows(origin, hosts[0])]
        # Its client is not known before `connection_init`, so that the application answers for all of them.
        if foreign and not (len(origins) == 1 and await self._access.admits_origin(foreign[0])):
            return 403
        if self._streams.draining.started:
            return 503
        limit = self._settings.socket_limit
        return 429 if limit and self._sockets_by_address[address] >= limit else None

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        offered = scope.get("subprotocols", ())
        if SUBPROTOCOL not in offered:
            # A browser drops a connection that accepts none of its subprotocols, and would not see the close code.
            await send(
                {
                    "type": "websocket.accept",
                    "subprotocol": LEGACY_SUBPROTOCOL if LEGACY_SUBPROTOCOL in offered else None,
                }
            )
            code, reason = CloseCode.SUBPROTOCOL, "Subprotocol not acceptable"
            return await send({"type": "websocket.close", "code": code, "reason": reason})
        await send({"type": "websocket.accept", "subprotocol": SUBPROTOCOL})
        connection = Connection(scope, receive, send)
        handler = ConnectionHandler(self._streams, self._access, scope, connection)
        self._streams.draining.register(handler, handler.drain)
        try:
            await handler.run()
        finally:
            self._streams.draining.unregister(handler)


async def reject_handshake(scope: Scope, send: Send, status: int) -> None:
    if "websocket.http.response" not in scope.get("extensions", {}):
        return await send({"type": "websocket.close"})  # which is 403
    headers = [(b"content-length", b"0"), (b"connection", b"close")]
    await send({"type": "websocket.http.response.start", "status": status, "headers": headers})
    return await send({"type": "websocket.http.response.body", "body": b""})
