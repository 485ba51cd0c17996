"""The request log: one line for each operation, without client input except the operation's name."""

import os
import sys

import structlog
from structlog.tracebacks import ExceptionDictTransformer
from structlog.typing import EventDict, Processor, WrappedLogger

from transport.documents.operation import Operation

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
    """Write the log to standard error: one JSON object a line, or text ("auto": text in a terminal)."""
    is_terminal = sys.stderr is not None and sys.stderr.isatty()  # None: closed by `2>&-`
    as_text = log_format == "text" or (log_format == "auto" and is_terminal)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            *(_text_processors(colors=is_terminal) if as_text else _json_processors()),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
    )


def _json_processors() -> list[Processor]:
    return [
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.ExceptionRenderer(ExceptionDictTransformer(show_locals=False)),
        structlog.processors.JSONRenderer(),
    ]


def _text_processors(*, colors: bool) -> list[Processor]:
    return [
        structlog.processors.TimeStamper(fmt="%Y-%m-%d %H:%M:%S", utc=False),
        _move_traceback_to_end,
        # The default shows the local variables. Quoted strings cannot send control characters to a terminal.
        structlog.dev.ConsoleRenderer(
            colors=colors and not os.environ.get("NO_COLOR"),
            exception_formatter=structlog.dev.plain_traceback,
            repr_native_str=True,
            sort_keys=False,
        ),
    ]


def _move_traceback_to_end(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    if "traceback" in event:
        event["exception"] = event.pop("traceback")
    return event
