"""One line in the log for each operation: what happened, and nothing that a client wrote but the operation's name."""

import structlog

from transport.operations import Operation

log = structlog.get_logger(__name__)

NAME_LENGTH = 64
"""Characters of an operation's name in the log. The language allows only letters, digits and `_` in it."""


def log_operation(operation: Operation | None, outcome: str | list[str], *, status: int | None, seconds: float) -> None:
    """Log a request for an operation, which is None where the request did not get as far.

    `outcome` is "ok", the codes of the errors, or "gone" where the client did not wait; then there is no status.
    """
    log.info(
        "operation",
        name=operation.name[:NAME_LENGTH] if operation and operation.name else None,
        type=operation.type.value if operation else None,
        duration_ms=round(seconds * 1000, 3),
        outcome=outcome,
        status=status,
    )
