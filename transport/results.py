"""The answers that an operation may come to, before they are encoded."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLError

from transport.errors import Code, Headers, RequestError, format_error, make_error
from transport.masking import ErrorMasker, has_code


@dataclass(slots=True)
class OperationResult:
    """The answer to one operation."""

    body: dict[str, Any]
    """`data` and `errors`, as the GraphQL specification says; no `data` where nothing was executed."""
    status: int = 200
    """The HTTP status for `application/graphql-response+json`."""
    legacy_status: int = 200
    """The HTTP status for `application/json`."""
    headers: Headers = ()

    @property
    def error_codes(self) -> list[str]:
        """The codes of its errors, each once, sorted."""
        return sorted({str(error["extensions"]["code"]) for error in self.body.get("errors", ())})


def from_execution(result: Any, masker: ErrorMasker) -> OperationResult:
    """The answer of an operation that was executed."""
    if not result.errors:
        return OperationResult({"data": result.data})
    return OperationResult({"errors": masker.format_errors(result.errors), "data": result.data})


def from_exception(error: BaseException, masker: ErrorMasker) -> OperationResult:
    """The answer of an operation that broke down as a whole."""
    return OperationResult({"errors": [masker.mask(error)], "data": None})


def from_request_error(error: RequestError) -> OperationResult:
    """The answer to a request of which nothing was executed."""
    return OperationResult({"errors": error.errors}, error.status, error.legacy_status, error.headers)


def shutdown_error() -> RequestError:
    """The server stops: it begins nothing that lasts any more, and cannot wait for what has not come."""
    error = make_error(Code.SERVICE_UNAVAILABLE, "The server is stopping; try again.")
    return RequestError([error], headers=error_headers(error["extensions"]))


def shutting_down() -> OperationResult:
    """The answer of an operation that the server cannot wait for any more, as it stops."""
    message = "The server is stopping; try again. If the operation writes, it may have written."
    error = make_error(Code.SERVICE_UNAVAILABLE, message)
    return OperationResult({"errors": [error], "data": None}, 503, 503, error_headers(error["extensions"]))


def timed_out(seconds: float) -> OperationResult:
    """The answer of an operation that took too long. What it wrote before may have been kept."""
    message = f"The operation took longer than {seconds:g} seconds. If it writes, it may have written."
    return OperationResult({"errors": [make_error(Code.TIMEOUT, message)], "data": None})


def from_context_error(error: BaseException, masker: ErrorMasker) -> OperationResult:
    """The answer where there is no context: the caller is unknown, may not ask, or the server cannot serve."""
    if isinstance(error, RequestError):
        return from_request_error(error)
    if not has_code(error):
        return from_request_error(RequestError([masker.mask(error)]))
    extensions: dict[str, Any] = error.extensions  # type: ignore[attr-defined]  # has_code has looked
    client_error = format_error(GraphQLError(getattr(error, "message", None) or str(error), extensions=extensions))
    return from_request_error(RequestError([client_error], headers=error_headers(extensions)))


def error_headers(extensions: Mapping[str, Any]) -> Headers:
    """What the status of a refusal wants beside it: how to authenticate, when to come back."""
    if extensions["code"] == Code.UNAUTHENTICATED:
        return (("www-authenticate", "Bearer"),)
    if extensions["code"] not in (Code.SERVICE_UNAVAILABLE, Code.RATE_LIMITED):
        return ()
    seconds = extensions.get("retryAfter", 1)
    return (("retry-after", str(max(1, int(seconds)))),) if isinstance(seconds, int | float) else ()
