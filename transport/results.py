"""Results of operations before they are encoded, with their HTTP statuses."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any

from graphql import GraphQLError

from transport.errors import Code, ErrorMasker, Headers, RequestError, format_error, has_code, make_error


@dataclass(slots=True)
class OperationResult:
    """The result of one operation."""

    body: dict[str, Any]
    """`data` and `errors`, as the GraphQL specification says; no `data` where nothing was executed."""
    status: int = 200
    """The HTTP status for `application/graphql-response+json`."""
    legacy_status: int = 200
    """The HTTP status for `application/json`."""
    headers: Headers = ()
    logged: bool = True
    """Whether the request log has a line of it."""
    encoded: bytes | None = None
    """The body as JSON, where it has been encoded already."""

    @property
    def error_codes(self) -> list[str]:
        """The codes of the errors, each once, sorted."""
        return sorted({str(error["extensions"]["code"]) for error in self.body.get("errors", ())})


def from_exception(error: BaseException, masker: ErrorMasker) -> OperationResult:
    """Return the result of an operation that failed as a whole."""
    return OperationResult({"errors": [masker.mask(error)], "data": None})


def from_request_error(error: RequestError) -> OperationResult:
    return OperationResult({"errors": error.errors}, error.status, error.legacy_status, error.headers, error.logged)


def from_context_error(error: BaseException, masker: ErrorMasker) -> OperationResult:
    """Return the result where the context factory failed: the client is refused, or the server cannot serve."""
    return from_request_error(to_request_error(error, masker))


def to_request_error(error: BaseException, masker: ErrorMasker) -> RequestError:
    """Convert an exception of the application's authentication or context factory."""
    if isinstance(error, RequestError):
        return error
    if not has_code(error):  # a fault of the server: 500, and masked
        return RequestError([masker.mask(error)])
    extensions: dict[str, Any] = error.extensions  # type: ignore[attr-defined]  # has_code checked it
    client_error = format_error(GraphQLError(getattr(error, "message", None) or str(error), extensions=extensions))
    return RequestError([client_error], headers=error_headers(extensions))


def shutdown_error() -> RequestError:
    """Return the error of a request that a stopping server does not begin, or no longer waits for."""
    error = make_error(Code.SERVICE_UNAVAILABLE, "The server is stopping; try again.")
    return RequestError([error], headers=error_headers(error["extensions"]))


def authentication_timeout() -> RequestError:
    error = make_error(Code.SERVICE_UNAVAILABLE, "Authentication takes too long; try again.")
    return RequestError([error], headers=error_headers(error["extensions"]))


def shutting_down() -> OperationResult:
    """Return the result of an operation that a stopping server aborts."""
    message = "The server is stopping; try again. If the operation writes, it may have written."
    error = make_error(Code.SERVICE_UNAVAILABLE, message)
    return OperationResult({"errors": [error], "data": None}, 503, 503, error_headers(error["extensions"]))


def access_ended() -> OperationResult:
    """Return the result of an operation that is aborted because the client's access has ended."""
    message = "Access has ended: the token has expired, or was revoked. If the operation writes, it may have written."
    error = make_error(Code.UNAUTHENTICATED, message)
    return OperationResult({"errors": [error], "data": None}, 401, 401, error_headers(error["extensions"]))


def access_ended_error(headers: Headers = ()) -> RequestError:
    """Return the error of a request whose client loses its access before the operation begins."""
    error = make_error(Code.UNAUTHENTICATED, "Access has ended: the token has expired, or was revoked.")
    return RequestError([error], headers=(*error_headers(error["extensions"]), *headers))


def timed_out(seconds: float) -> OperationResult:
    message = f"The operation took longer than {seconds:g} seconds. If it writes, it may have written."
    return OperationResult({"errors": [make_error(Code.TIMEOUT, message)], "data": None})


def error_headers(extensions: Mapping[str, Any]) -> Headers:
    """Return the headers that the status of an error requires: how to authenticate, or when to retry."""
    if extensions["code"] == Code.UNAUTHENTICATED:
        return (("www-authenticate", "Bearer"),)
    if extensions["code"] not in (Code.SERVICE_UNAVAILABLE, Code.RATE_LIMITED):
        return ()
    seconds = extensions.get("retryAfter", 1)
    return (("retry-after", str(max(1, ceil(seconds)))),) if isinstance(seconds, int | float) else ()
