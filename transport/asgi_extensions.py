"""Extensions of this server in the ASGI scope. Under another server they are absent, and ASGI's own way is taken."""

from typing import Final

from starlette.types import Scope

CONNECTION_ABORT: Final = "connection.abort"
"""`abort()` closes the connection at once and drops what the client has not taken."""

WEBSOCKET_WRITE: Final = "websocket.write"
"""`write(texts)` sends text messages, as bytes, without waiting. It returns False, and sends none of them, while the
client is not reading or when it has disconnected; sending by ASGI then waits or raises."""


def abort_connection(scope: Scope) -> None:
    """Close the HTTP connection at once; without the extension, the server closes it in its own time."""
    if (extension := scope.get("extensions", {}).get(CONNECTION_ABORT)) is not None:
        extension["abort"]()
