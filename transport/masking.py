"""Errors of a running operation: the expected reach the client, surprises are masked and go to the log.

An exception is expected if its `extensions` is a dict with a `code`. Anything else is a surprise: its message may hold
whatever the exception saw, so the client gets another one and an `errorId` to find the traceback in the log.
"""

import secrets
import traceback
from collections.abc import Iterable
from typing import Any

import structlog
from graphql import GraphQLError

from transport.errors import Code, FormattedError, format_error, make_error

log = structlog.get_logger(__name__)

MAX_TRACEBACKS = 5
"""Tracebacks logged for one operation: a fault in a list of 500 is one fault."""


class ErrorMasker:
    """Turns the errors of one operation into what its client may see. All its surprises share one id."""

    def __init__(self, *, log_messages: bool = False) -> None:
        self._log_messages = log_messages
        self._error_id = ""
        self._tracebacks_logged = 0

    def format_errors(self, errors: Iterable[GraphQLError]) -> list[FormattedError]:
        """The errors for the client, in order."""
        return [self._format(error) for error in errors]

    def mask(self, error: BaseException, field: str | None = None) -> FormattedError:
        """The masked form of an unexpected exception, which is logged."""
        self._error_id = self._error_id or secrets.token_hex(8)
        if self._tracebacks_logged < MAX_TRACEBACKS:
            self._tracebacks_logged += 1
            log.error(
                "unexpected error",
                error_id=self._error_id,
                error=type(error).__qualname__,
                field=field,
                traceback=format_traceback(error, with_messages=self._log_messages),
            )
        return make_error(Code.INTERNAL_SERVER_ERROR, "Internal server error", errorId=self._error_id)

    def _format(self, error: GraphQLError) -> FormattedError:
        if has_code(error):
            return format_error(error)
        cause = root_cause(error)
        if is_argument_error(cause):
            return format_error(error, Code.BAD_USER_INPUT)
        node = error.nodes[0] if error.nodes else None
        # The field's own name, never its alias: that is the client's text.
        name = getattr(getattr(node, "name", None), "value", None)
        masked = self.mask(cause, name)
        result = format_error(error)
        result["message"] = masked["message"]
        result["extensions"] = masked["extensions"]
        return result


def has_code(error: Any) -> bool:
    """Whether an exception is expected."""
    extensions = getattr(error, "extensions", None)
    return isinstance(extensions, dict) and isinstance(extensions.get("code"), str)


def root_cause(error: GraphQLError) -> Exception:
    """What was raised, under the wrappers that say where."""
    cause: Exception = error
    while isinstance(cause, GraphQLError) and cause.original_error is not None:
        cause = cause.original_error
    return cause


def is_argument_error(cause: Exception) -> bool:
    """Whether the executor refused an argument.

    That happens after validation only where a variable inside a literal is missing or null, and is the client's fault.
    The executor gives it no type of its own, and other bare GraphQLErrors may quote stored values.
    """
    return type(cause) is GraphQLError and cause.message.startswith("Argument '")


def format_traceback(error: BaseException, *, with_messages: bool) -> str:
    """The traceback as text; without messages only types and places, as messages may quote what a client sent."""
    if with_messages:
        return "".join(traceback.format_exception(error))
    parts: list[str] = []
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        frames = "".join(traceback.format_tb(current.__traceback__))
        parts.append(f"{type(current).__module__}.{type(current).__qualname__}\n{frames}")
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
    return "caused by\n".join(parts)
