"""The request log: one line for each operation, without client input except the operation's name."""

import sys

import structlog
from structlog.tracebacks import ExceptionDictTransformer

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


def configure_log(level: str) -> None:
    """Write the log to standard error, one JSON object a line."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.ExceptionRenderer(ExceptionDictTransformer(show_locals=False)),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
    )
