"""Functions that run out of memory once, and what must come of it."""

from collections.abc import Callable
from typing import Any

import pytest
from structlog.typing import EventDict


def fail_once(patch: pytest.MonkeyPatch, owner: Any, name: str) -> None:
    """Let the next call of a function run out of memory."""
    works: Callable[..., Any] = getattr(owner, name)
    failures = [MemoryError("hunter2")]

    def patched(*args: Any, **options: Any) -> Any:
        if failures:
            raise failures.pop()
        return works(*args, **options)

    patch.setattr(owner, name, patched)


def assert_masked(error: dict[str, Any], lines: list[EventDict]) -> None:
    """The error is `INTERNAL_SERVER_ERROR` with the id of the one unexpected error in the log."""
    assert error["message"] == "Internal server error"
    assert error["extensions"] == {"code": "INTERNAL_SERVER_ERROR", "errorId": logged_id(lines)}


def logged_id(lines: list[EventDict]) -> str:
    (line,) = (line for line in lines if line["event"] == "unexpected error")
    assert line["error"] == "MemoryError"
    assert "hunter2" not in repr(line)
    return str(line["error_id"])
