"""The request for one operation, independent of the transport that carries it."""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, Final

from starlette.requests import HTTPConnection
from starlette.types import Scope

from transport.clients import Access, Client
from transport.documents.operation import Delivery, Operation, Work
from transport.http.headers import request_headers
from transport.rate_limits import Quota
from transport.uploads import VariablePath

FORWARDING_HEADERS: Final = frozenset({b"forwarded", b"via", b"x-forwarded-for", b"x-forwarded-host", b"x-real-ip"})
_CONNECTION_PARAMS: Final = "connection_params"


@dataclass(slots=True)  # not frozen: that would take three times as long to make
class OperationRequest:
    """The members of a request; those that are absent are empty.

    `query` is None where `document_id` or a hash in the extensions names the document (see `documents.persisted`).
    """

    query: str | None
    variables: Mapping[str, Any] = field(default_factory=dict)
    operation_name: str | None = None
    extensions: Mapping[str, Any] = field(default_factory=dict)
    document_id: str | None = None
    upload_paths: tuple[VariablePath, ...] = ()


EVERYTHING: Final = Delivery()


# Not frozen: execution reports back through it, so that no transport has to pass a callback.
@dataclass(slots=True)
class OperationCall:
    """A request on its way through execution. `operation` is set as soon as it is resolved, for the log."""

    request: OperationRequest
    client: Client
    access: Access
    delivery: Delivery = EVERYTHING
    quota: Quota | None = None
    """What the client may spend; None: unlimited."""
    address: str | None = None
    """Of the client, where a subscription is a stream of its own, and not one of a socket that is counted already."""
    ticket: float | None = None
    """See `Admission.check_any`; None: not drawn."""
    operation: Operation | None = None
    work: Work = Work.MUTATION
    """Of the operation."""

    def context(self) -> AbstractAsyncContextManager[Any]:
        return self.access.make_context(self.client)


def authorization(connection: HTTPConnection) -> str | None:
    """Return `authorization` of the payload of `connection_init`, else the header Authorization; None without both.

    Browsers can send no header with a WebSocket. A header that is sent twice is joined, and so no valid credential.
    """
    for name, value in connection_params(connection).items():
        if name.lower() == "authorization":
            return str(value)
    return ", ".join(request_headers(connection.scope).values(b"authorization")) or None


def header(connection: HTTPConnection, name: str) -> str | None:
    """Return the value of a header, the first if it was sent twice; `name` in lower case."""
    return next(iter(request_headers(connection.scope).values(name.encode())), None)


def is_forwarded(connection: HTTPConnection) -> bool:
    """Return whether a proxy says that it forwards the request of another machine."""
    return not FORWARDING_HEADERS.isdisjoint(request_headers(connection.scope).names)


def connection_params(connection: HTTPConnection) -> Mapping[str, Any]:
    """Return the payload of `connection_init`, to authenticate by; empty over HTTP or where the client sent none.

    Clients that cannot send headers put their token there, as `{"authorization": "Bearer …"}`.
    """
    params: Mapping[str, Any] = connection.scope.get("state", {}).get(_CONNECTION_PARAMS, {})
    return params


def set_connection_params(scope: Scope, params: Mapping[str, Any]) -> None:
    """Store the payload for all operations of the connection."""
    scope.setdefault("state", {})[_CONNECTION_PARAMS] = params
