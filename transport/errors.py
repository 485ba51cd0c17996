"""Error codes, and errors of requests that are not executed.

Every error that a client receives has `extensions.code`. Errors of running operations are in `transport.masking`.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, TypeAlias

from graphql import GraphQLError

FormattedError: TypeAlias = dict[str, Any]
"""An error in the format of the GraphQL specification: message, locations, path, extensions."""

Headers: TypeAlias = tuple[tuple[str, str], ...]

MAX_MESSAGE_LENGTH = 1_000
"""Characters. Validation messages quote names, and a name may be as long as the document."""


class Code(StrEnum):
    """The values of `extensions.code`; resolvers may have others."""

    GRAPHQL_PARSE_FAILED = "GRAPHQL_PARSE_FAILED"
    GRAPHQL_VALIDATION_FAILED = "GRAPHQL_VALIDATION_FAILED"
    BAD_USER_INPUT = "BAD_USER_INPUT"
    BAD_REQUEST = "BAD_REQUEST"
    PERSISTED_QUERY_NOT_FOUND = "PERSISTED_QUERY_NOT_FOUND"
    PERSISTED_QUERY_NOT_SUPPORTED = "PERSISTED_QUERY_NOT_SUPPORTED"
    OPERATION_RESOLUTION_FAILURE = "OPERATION_RESOLUTION_FAILURE"
    UNAUTHENTICATED = "UNAUTHENTICATED"
    FORBIDDEN = "FORBIDDEN"
    NOT_FOUND = "NOT_FOUND"
    CONFLICT = "CONFLICT"
    RATE_LIMITED = "RATE_LIMITED"
    QUERY_TOO_COMPLEX = "QUERY_TOO_COMPLEX"
    TIMEOUT = "TIMEOUT"
    SERVICE_UNAVAILABLE = "SERVICE_UNAVAILABLE"
    INTERNAL_SERVER_ERROR = "INTERNAL_SERVER_ERROR"


STATUS_BY_CODE: Mapping[str, int] = {
    Code.UNAUTHENTICATED: 401,
    Code.FORBIDDEN: 403,
    Code.NOT_FOUND: 404,
    Code.CONFLICT: 409,
    Code.RATE_LIMITED: 429,
    Code.INTERNAL_SERVER_ERROR: 500,
    Code.SERVICE_UNAVAILABLE: 503,
}
"""HTTP statuses of request errors; any other code has 400."""


class RequestError(Exception):
    """A request error in the sense of the GraphQL specification: nothing is executed, the response has no data.

    `status` is for `application/graphql-response+json`. With `application/json` the status describes the transport
    alone: it is 200 if the request was `well_formed` GraphQL.
    """

    def __init__(
        self,
        errors: Iterable[FormattedError],
        *,
        status: int | None = None,
        well_formed: bool = False,
        headers: Headers = (),
    ) -> None:
        super().__init__()
        self.errors = list(errors)
        self.status = status or STATUS_BY_CODE.get(self.errors[0]["extensions"]["code"], 400)
        self.legacy_status = 200 if well_formed else self.status
        self.headers = headers


def format_error(error: GraphQLError, code: str | None = None) -> FormattedError:
    """Format an error for a client; with `code`, its extensions are the code alone."""
    result: FormattedError = {"message": error.message[:MAX_MESSAGE_LENGTH]}
    if error.locations:
        result["locations"] = [{"line": location.line, "column": location.column} for location in error.locations]
    if error.path is not None:
        result["path"] = error.path
    result["extensions"] = {"code": code} if code else error.extensions
    return result


def make_error(code: str, message: str, **extensions: object) -> FormattedError:
    """Create an error without a location in the document."""
    return {"message": message[:MAX_MESSAGE_LENGTH], "extensions": {"code": code, **extensions}}


def bad_request(message: str, *, status: int = 400, headers: Headers = ()) -> RequestError:
    """Create the error of a request that violates GraphQL over HTTP, or is not for this server."""
    return RequestError([make_error(Code.BAD_REQUEST, message)], status=status, headers=headers)


def bad_input(message: str) -> RequestError:
    """Create the error of a well-formed request with an unacceptable value."""
    return RequestError([make_error(Code.BAD_USER_INPUT, message)])


def too_complex(limit: str, maximum: int, number: int | None = None) -> RequestError:
    """Create the error of an operation over a limit. `number` is None where counting stopped at the limit."""
    # Counts after fragment expansion may have hundreds of digits.
    shown_number = "more" if number is None else f"{number:,}" if number < 10**9 else "over 1,000,000,000"
    message = f"The operation is too complex: {limit} {shown_number}, where {maximum:,} is the limit."
    extensions: dict[str, object] = {"limit": limit, "maximum": maximum}
    if number is not None:
        extensions["number"] = min(number, 10**9)
    return RequestError([make_error(Code.QUERY_TOO_COMPLEX, message, **extensions)], well_formed=True)


def check_limit(limit: str, number: int, maximum: int) -> None:
    if number > maximum:
        raise too_complex(limit, maximum, number)
