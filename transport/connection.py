"""What a client says of itself once for a whole connection."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import HTTPConnection
from starlette.types import Scope

STATE_KEY = "connection_params"


def connection_params(connection: HTTPConnection) -> Mapping[str, Any]:
    """The payload of `connection_init`, for context makers: clients that cannot send headers have their token there,
    as `{"authorization": "Bearer …"}`. Empty over HTTP, or where the client sent none."""
    params: Mapping[str, Any] = connection.scope.get("state", {}).get(STATE_KEY, {})
    return params


def set_connection_params(scope: Scope, params: Mapping[str, Any]) -> None:
    """Remember the payload for all operations of the connection."""
    scope.setdefault("state", {})[STATE_KEY] = params
