"""GraphQL over WebSocket by the protocol graphql-transport-ws.

An ASGI event passes `connection` → `handler` → `protocol`, which parses it with `messages` and returns `actions`, which
the handler performs. `endpoint` accepts the handshakes.
"""

from transport.websocket.endpoint import WebSocketEndpoint

__all__ = ["WebSocketEndpoint"]
