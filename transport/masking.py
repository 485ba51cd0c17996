"""Errors of running operations, as clients may see them.

An exception is expected if its `extensions` is a dict with a `code`; it reaches the client as it is. The message of any
other may hold private data: the client gets a generic one with an `errorId`, under which the log has the traceback.
"""

import secrets
import traceback
from collections.abc import Iterable
from typing import Any, Final

import structlog
from graphql import GraphQLError

from transport.errors import Code, FormattedError, format_error, make_error

log = structlog.get_logger(__name__)

MAX_TRACEBACKS: Final = 5
"""Tracebacks logged for one result: a fault in a list of 500 is one fault."""


class ErrorMasker:
    """Formats errors for clients, and masks and logs the unexpected ones."""

    def __init__(self, *, log_messages: bool = False) -> None:
        self._log_messages = log_messages

    def format_errors(self, errors: Iterable[GraphQLError]) -> list[FormattedError]:
        """Format the errors of one result, in order. The unexpected ones share an `errorId`."""
        error_id, unlogged = secrets.token_hex(8), MAX_TRACEBACKS
        result: list[FormattedError] = []
        for error in errors:
            cause = root_cause(error)
            if has_code(error):
                result.append(format_error(error))
            elif is_argument_error(cause):
                result.append(format_error(error, Code.BAD_USER_INPUT))
            else:
                if unlogged:
                    self._log(cause, error_id, field_name(error))
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
            traceback=format_traceback(error, with_messages=self._log_messages),
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


def is_argument_error(cause: Exception) -> bool:
    """Return whether the executor refused an argument.

    After validation that happens only where a variable inside a literal is missing or null, and is the client's fault.
    The executor gives the error no type of its own, and other bare GraphQLErrors may quote stored values.
    """
    return type(cause) is GraphQLError and cause.message.startswith("Argument '")


def format_traceback(error: BaseException, *, with_messages: bool) -> str:
    """Format the traceback; without messages only types and places, because messages may quote private data."""
    if with_messages:
        return "".join(traceback.format_exception(error))
    parts: list[str] = []
    seen: set[int] = set()  # an exception may be among its own causes
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        frames = "".join(traceback.format_tb(current.__traceback__))
        parts.append(f"{type(current).__module__}.{type(current).__qualname__}\n{frames}")
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
    return "caused by\n".join(parts)
