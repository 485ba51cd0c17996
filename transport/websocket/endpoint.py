"""ASGI endpoint of GraphQL over WebSocket."""

from typing import Final

import orjson
from starlette.types import Receive, Scope, Send

from transport.client_address import client_address
from transport.clients import Access
from transport.errors import Code, Headers, RequestError, make_error
from transport.http.headers import request_headers
from transport.http.host_check import check_host
from transport.results import shutdown_error
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

    The handshake is rejected with 400 (Host), 403 (Origin), 429 (its address has too many streams, or has spent its
    rate on requests without a valid credential) or 503 (the server is stopping). `access.authenticate` is called once
    after `connection_init`, whose payload `connection_params` returns. An exception from it closes the socket: with
    4403 if its code in `extensions` is UNAUTHENTICATED or FORBIDDEN, else with 1013; so do too many streams of its
    token. `access.make_context` is called for each operation: UNAUTHENTICATED closes the socket with 4403; any other
    exception is the operation's error.
    """

    def __init__(self, streams: StreamManager, access: Access, settings: TransportSettings) -> None:
        self._streams = streams
        self._access = access
        self._settings = settings
        self._sockets = 0

    def __len__(self) -> int:
        return self._sockets

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()  # websocket.connect
        address = client_address(scope, self._settings.trusted_proxies)
        addresses = self._streams.stream_limits.addresses
        try:
            await self._check_handshake(scope, address)
            addresses.add(address)
        except RequestError as refusal:
            return await reject_handshake(scope, send, refusal)
        self._sockets += 1
        try:
            await self._serve(scope, receive, send, address)
        except OSError:  # the client disconnected during the handshake
            pass
        finally:
            self._sockets -= 1
            addresses.remove(address)

    async def _check_handshake(self, scope: Scope, address: str) -> None:
        """Raise RequestError if the handshake is refused."""
        headers = request_headers(scope)
        check_host(headers, self._settings.served_hosts)
        if (quota := self._streams.execution.rate_limits.of_address(address)) is not None:
            quota.check()
        origins, hosts = headers.values(b"origin"), headers.values(b"host")
        foreign = [origin for origin in origins if not self._settings.origins.allows(origin, hosts[0])]
        # Its client is not known before `connection_init`, so that the application answers for all of them.
        if foreign and not (len(origins) == 1 and await self._access.admits_origin(foreign[0])):
            raise RequestError([make_error(Code.FORBIDDEN, "Pages of this origin may not use the server.")])
        if self._streams.draining.started:
            raise shutdown_error()

    async def _serve(self, scope: Scope, receive: Receive, send: Send, address: str) -> None:
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
        handler = ConnectionHandler(self._streams, self._access, scope, connection, address)
        self._streams.draining.register(handler, handler.drain)
        try:
            await handler.run()
        finally:
            self._streams.draining.unregister(handler)


async def reject_handshake(scope: Scope, send: Send, refusal: RequestError) -> None:
    if "websocket.http.response" not in scope.get("extensions", {}):
        return await send({"type": "websocket.close"})  # which is 403
    body = orjson.dumps({"errors": refusal.errors})
    headers: Headers = (
        ("content-type", "application/json; charset=utf-8"),
        ("content-length", str(len(body))),
        ("connection", "close"),
        *refusal.headers,
    )
    raw = [(name.encode(), value.encode()) for name, value in headers]
    await send({"type": "websocket.http.response.start", "status": refusal.status, "headers": raw})
    return await send({"type": "websocket.http.response.body", "body": body})
