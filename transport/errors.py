"""Errors for clients: codes, request errors, and the masking of unexpected exceptions.

Every error that a client receives has `extensions.code`. An exception of a running operation is expected if its
`extensions` is a dict with a `code`; it reaches the client as it is. The message of any other may hold private data:
the client gets a generic one with an `errorId`, under which the log has the traceback.
"""

import re
import secrets
import traceback
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, ClassVar, Final, TypeAlias

import structlog
from graphql import GraphQLError

log = structlog.get_logger(__name__)

FormattedError: TypeAlias = dict[str, Any]
"""An error in the format of the GraphQL specification: message, locations, path, extensions."""

Headers: TypeAlias = tuple[tuple[str, str], ...]

# Characters. Validation messages quote names, and a name may be as long as the document.
MAX_MESSAGE_LENGTH: Final = 1_000
ARGUMENT_ERROR: Final = re.compile(r"Argument '(\w+)' has invalid value(?: at (\S+))?: (.*)", re.DOTALL)
"""How graphql-core's executor refuses an argument."""
MAX_TRACEBACKS: Final = 5  # tracebacks logged for one result: a fault in a list of 500 is one fault


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

    logged: ClassVar[bool] = True
    """Whether the request log has a line of it."""

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


def bad_input(message: str, **extensions: object) -> RequestError:
    """Create the error of a well-formed request with an unacceptable value."""
    return RequestError([make_error(Code.BAD_USER_INPUT, message, **extensions)])


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


class ErrorMasker:
    """Formats errors for clients, and masks and logs the unexpected ones."""

    def format_errors(self, errors: Iterable[GraphQLError]) -> list[FormattedError]:
        """Format the errors of one result, in order. The unexpected ones share an `errorId`."""
        error_id, unlogged = secrets.token_hex(8), MAX_TRACEBACKS
        result: list[FormattedError] = []
        for error in errors:
            if has_code(error):
                result.append(format_error(error))
            elif (refused := find_argument_error(error)) is not None:
                result.append(format_error(refused))
            else:
                if unlogged:
                    self._log(root_cause(error), error_id, field_name(error))
                    unlogged -= 1
                result.append(format_error(error) | masked(error_id))
        return result

    def mask(self, error: BaseException, field: str | None = None) -> FormattedError:
        """Log an unexpected exception and return what the client may see of it."""
        error_id = secrets.token_hex(8)
        self._log(error, error_id, field)
        return masked(error_id)

    def _log(self, error: BaseException, error_id: str, field: str | None) -> None:
        log.error(
            "unexpected error",
            error_id=error_id,
            error=type(error).__qualname__,
            field=field,
            traceback=format_traceback(error),
        )


def masked(error_id: str) -> FormattedError:
    return make_error(Code.INTERNAL_SERVER_ERROR, "Internal server error", errorId=error_id)


def field_name(error: GraphQLError) -> str | None:
    """Return the name of the failed field. Never its alias: that is text from the client."""
    node = error.nodes[0] if error.nodes else None
    name: str | None = getattr(getattr(node, "name", None), "value", None)
    return name


def has_code(error: Any) -> bool:
    """Return whether an exception is expected."""
    extensions = getattr(error, "extensions", None)
    return isinstance(extensions, dict) and isinstance(extensions.get("code"), str)


def root_cause(error: GraphQLError) -> Exception:
    """Return the exception under graphql-core's wrappers, which add path and location."""
    cause: Exception = error
    while isinstance(cause, GraphQLError) and cause.original_error is not None:
        cause = cause.original_error
    return cause


def find_argument_error(error: GraphQLError) -> GraphQLError | None:
    """Return the error of an argument that the executor refused, with the path of the value; None for other errors.

    After validation that happens only where a variable inside a literal is null, or a scalar refuses a literal because
    of its variables, and is the client's fault. The executor gives the error no type of its own, and other bare
    GraphQLErrors may quote stored values.
    """
    cause = root_cause(error)
    refused = ARGUMENT_ERROR.match(cause.message) if type(cause) is GraphQLError else None
    if refused is None:
        return None
    argument, keys, reason = refused.groups()
    path = [argument, *re.findall(r"[.\[](\w+)", keys or "")]
    # graphql-core writes None for null, and names the variable.
    message = "must not be null" if reason.startswith("Expected ") else reason
    extensions = {"code": Code.BAD_USER_INPUT, "inputPath": path}
    return GraphQLError(f"{'.'.join(path)}: {message}", error.nodes, path=error.path, extensions=extensions)


def format_traceback(error: BaseException) -> str:
    """Format types and places of an exception and its causes. Messages may quote private data."""
    parts: list[str] = []
    seen: set[int] = set()  # an exception may be among its own causes
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        frames = "".join(traceback.format_tb(current.__traceback__))
        parts.append(f"{type(current).__module__}.{type(current).__qualname__}\n{frames}")
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
    return "caused by\n".join(parts)
