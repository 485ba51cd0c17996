"""The log: one line for each operation, without client input except the operation's name.

Messages of exceptions are never written: they may quote what a client sent.
"""

import logging
import os
import sys

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from transport.documents.operation import Operation
from transport.errors import format_traceback

log = structlog.get_logger(__name__)

MAX_NAME_LENGTH = 64  # Characters. GraphQL allows only letters, digits and `_` in the name of an operation.


def log_operation(operation: Operation | None, outcome: str | list[str], *, status: int | None, seconds: float) -> None:
    """Log a request. `operation` is None if the request failed before it was resolved.

    `outcome` is "ok", the codes of the errors, or "gone" (without status) if the client disconnected.
    """
    log.info(
        "operation",
        name=operation.name[:MAX_NAME_LENGTH] if operation and operation.name else None,
        type=operation.type.value if operation else None,
        duration_ms=round(seconds * 1000, 3),
        outcome=outcome,
        status=status,
    )


def configure_log(level: str, log_format: str = "auto") -> None:
    """Write the log to standard error: one JSON object a line, or text ("auto": text in a terminal).

    Records of libraries, from warnings on, go there too.
    """
    is_terminal = sys.stderr is not None and sys.stderr.isatty()  # None: closed by `2>&-`
    as_text = log_format == "text" or (log_format == "auto" and is_terminal)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            _format_exception,
            *(_text_processors(colors=is_terminal) if as_text else _json_processors()),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
    )
    logging.lastResort = LibraryHandler(logging.WARNING)


class LibraryHandler(logging.Handler):
    """Writes records of libraries without their messages: asyncio's, for instance, quote exceptions."""

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        log.log(record.levelno, "library", logger=record.name, place=f"{record.module}:{record.lineno}", exc_info=error)


def _json_processors() -> list[Processor]:
    return [
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.JSONRenderer(),
    ]


def _text_processors(*, colors: bool) -> list[Processor]:
    return [
        structlog.processors.TimeStamper(fmt="%Y-%m-%d %H:%M:%S", utc=False),
        _move_traceback_to_end,
        # Quoted strings cannot send control characters to a terminal.
        structlog.dev.ConsoleRenderer(
            colors=colors and not os.environ.get("NO_COLOR"), repr_native_str=True, sort_keys=False
        ),
    ]


def _format_exception(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    error = event.pop("exc_info", None)
    if error is True:
        error = sys.exc_info()[1]
    if isinstance(error, BaseException):
        event.update(error=type(error).__qualname__, traceback=format_traceback(error))
    return event


def _move_traceback_to_end(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    if "traceback" in event:
        event["exception"] = event.pop("traceback")
    return event
