"""The log: one line for each operation, without client input except the operation's name.

Messages of exceptions are never written: they may quote what a client sent.
"""

import atexit
import json
import logging
import os
import sys
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from time import time_ns

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from transport.documents.operation import Operation
from transport.errors import format_traceback
from transport.log_writer import EXIT_SECONDS, LogWriter

log = structlog.get_logger(__name__)

MAX_NAME_LENGTH = 64  # Characters. GraphQL allows only letters, digits and `_` in the name of an operation.

JSON_LINE = (
    '{"name": %s, "type": %s, "duration_ms": %r, "outcome": %s, "status": %s, '
    '"event": "operation", "level": "info", "timestamp": "%sZ"}'
)
"""As `_json_processors` write it."""
encode_json = json.JSONEncoder().encode

_output: LogWriter | None = None
_json_output: LogWriter | None = None
"""The same, if lines of operations are written as JSON."""


def log_operation(operation: Operation | None, outcome: str | list[str], *, status: int | None, seconds: float) -> None:
    """Log a request. `operation` is None if the request failed before it was resolved.

    `outcome` is "ok", the codes of the errors, or "gone" (without status) if the client disconnected.
    """
    name = operation.name[:MAX_NAME_LENGTH] if operation and operation.name else None
    type_ = operation.type_name if operation else None
    duration_ms = round(seconds * 1000, 3)
    if _json_output is None:
        log.info("operation", name=name, type=type_, duration_ms=duration_ms, outcome=outcome, status=status)
        return
    # One line for each operation: structlog would take a tenth of the time of a short one.
    quoted_name = encode_json(name) if name else "null"
    quoted_type = f'"{type_}"' if type_ else "null"
    quoted_outcome = '"ok"' if outcome == "ok" else encode_json(outcome)
    shown_status = "null" if status is None else status
    second, microsecond = divmod(time_ns() // 1000, 1_000_000)
    time = f"{format_second(second)}.{microsecond:06}" if microsecond else format_second(second)
    _json_output.defer(JSON_LINE % (quoted_name, quoted_type, duration_ms, quoted_outcome, shown_status, time))


@lru_cache(maxsize=4)
def format_second(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).isoformat()[:-6]  # without `+00:00`


def configure_log(level: str, log_format: str = "auto") -> None:
    """Write the log to standard error: one JSON object a line, or text ("auto": text in a terminal).

    Records of libraries, from warnings on, go there too.
    """
    global _output, _json_output  # noqa: PLW0603 - like the configuration of structlog
    # None: closed by `2>&-`
    stream = sys.stderr or sys.stdout or Path(os.devnull).open("w")  # noqa: SIM115 - until the process ends
    _output = writer = LogWriter(stream)
    atexit.register(flush_log)
    is_terminal = sys.stderr is not None and sys.stderr.isatty()
    as_text = log_format == "text" or (log_format == "auto" and is_terminal)
    _json_output = None if as_text or level not in ("debug", "info") else writer
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            _format_exception,
            *(_text_processors(colors=is_terminal) if as_text else _json_processors()),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: writer,
    )
    logging.lastResort = LibraryHandler(logging.WARNING)


def flush_log() -> None:
    """Write what has been deferred, as the process ends; waits a moment for a reader that is slow."""
    if _output is not None:
        _output.flush(EXIT_SECONDS)


def reset_log() -> None:
    """Undo `configure_log`."""
    atexit.unregister(flush_log)
    global _output, _json_output  # noqa: PLW0603 - they are what is reset
    _output = _json_output = None
    structlog.reset_defaults()


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
