"""What a client is told when something is wrong: codes and refusals.

Every error that leaves the server has `extensions.code`. A refusal is an answer to a request of which nothing was
executed: it has errors and no data. Errors of a running operation are `transport.masking`'s matter.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, TypeAlias

from graphql import GraphQLError

FormattedError: TypeAlias = dict[str, Any]
"""An error as the GraphQL specification writes it: message, locations, path, extensions."""

Headers: TypeAlias = tuple[tuple[str, str], ...]

MAX_MESSAGE_LENGTH = 1_000
"""Characters of a message that reach a client: validation quotes names, and a name may be as long as a document."""


class Code(StrEnum):
    """The values of `extensions.code` that the transport gives itself; resolvers may give others."""

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
"""HTTP statuses of refusals; any other code is a plain 400."""


class RequestError(Exception):
    """A request of which nothing was executed.

    `status` is for clients that accept `application/graphql-response+json`. Those that accept only `application/json`
    get 200 if the request was `well_formed` GraphQL (GraphQL over HTTP: their status tells of the transport alone).
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
    """The error for a client; with `code`, its extensions are the code alone."""
    result: FormattedError = {"message": error.message[:MAX_MESSAGE_LENGTH]}
    if error.locations:
        result["locations"] = [{"line": location.line, "column": location.column} for location in error.locations]
    if error.path is not None:
        result["path"] = error.path
    result["extensions"] = {"code": code} if code else error.extensions
    return result


def make_error(code: str, message: str, **extensions: object) -> FormattedError:
    """An error that has no place in a document."""
    return {"message": message[:MAX_MESSAGE_LENGTH], "extensions": {"code": code, **extensions}}


def bad_request(message: str, *, status: int = 400, headers: Headers = ()) -> RequestError:
    """The request is not GraphQL over HTTP as it should be, or not for this server."""
    return RequestError([make_error(Code.BAD_REQUEST, message)], status=status, headers=headers)


def bad_input(message: str) -> RequestError:
    """The request is well formed, but a value in it is not acceptable."""
    return RequestError([make_error(Code.BAD_USER_INPUT, message)])


def too_complex(limit: str, maximum: int, number: int | None = None) -> RequestError:
    """The operation asks for more than `Limits` allows; `limit` is the name of the limit.

    `number` is None where counting stopped at the limit.
    """
    # Counts after fragment expansion may have hundreds of digits: nobody wants to read those.
    shown_number = "more" if number is None else f"{number:,}" if number < 10**9 else "over 1,000,000,000"
    message = f"The operation is too complex: {limit} {shown_number}, where {maximum:,} is the limit."
    extensions: dict[str, object] = {"limit": limit, "maximum": maximum}
    if number is not None:
        extensions["number"] = min(number, 10**9)
    return RequestError([make_error(Code.QUERY_TOO_COMPLEX, message, **extensions)], well_formed=True)


def check_limit(limit: str, number: int, maximum: int) -> None:
    """Refuse what is over a limit."""
    if number > maximum:
        raise too_complex(limit, maximum, number)
