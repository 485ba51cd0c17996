"""GraphQL over WebSocket, subprotocol graphql-transport-ws: queries, mutations and subscriptions over one socket.

`messages` reads and writes, `machine` decides (it is the protocol, and does nothing), `socket` does what the machine
says over a `line`, `endpoint` holds all sockets. `wire` is the layer below: WebSocket itself.
"""

from transport.server.websocket_protocol import MAX_MESSAGE_BYTES, WebSocketProtocol
from transport.websocket.endpoint import WebSocketEndpoint

__all__ = ["MAX_MESSAGE_BYTES", "WebSocketEndpoint", "WebSocketProtocol"]
