"""What a server's answer to one operation says, told apart as the tally counts it."""

from dataclasses import dataclass
from enum import Enum
from typing import Any

import orjson

from demo.operations import Operation


class Outcome(Enum):
    """How an operation went, as the table names it."""

    DONE = "done"
    PROBLEM = "problem"
    ERROR = "error"
    UNANSWERED = "no answer"


@dataclass(frozen=True)
class Answer:
    """The outcome; the codes of its problems or errors; the id of the session, where there is one."""

    outcome: Outcome
    codes: tuple[str, ...] = ()
    session: str | None = None


def unanswered(error: Exception) -> Answer:
    """No answer came: the connection failed, or it took too long."""
    return Answer(Outcome.UNANSWERED, (type(error).__name__,))


def read_answer(operation: Operation, status: int, body: bytes) -> Answer:
    """Reads the body of a GraphQL answer. Whatever is not one is an error named after the HTTP status."""
    try:
        answer = orjson.loads(body)
        if errors := answer.get("errors"):
            return Answer(Outcome.ERROR, tuple(_code(error) for error in errors))
        result = answer["data"][operation.field]
        if operation.reads:
            return Answer(Outcome.DONE)
        return _read_payloads(result if isinstance(result, list) else [result])
    except (orjson.JSONDecodeError, AttributeError, LookupError, TypeError):
        return Answer(Outcome.ERROR, (f"HTTP {status}",))


def _read_payloads(payloads: list[dict[str, Any]]) -> Answer:
    codes = tuple(problem["code"] for payload in payloads for problem in payload["problems"])
    sessions = [payload["session"]["id"] for payload in payloads if payload["session"]]
    return Answer(Outcome.PROBLEM if codes else Outcome.DONE, codes, next(iter(sessions), None))


def _code(error: dict[str, Any]) -> str:
    return str(error.get("extensions", {}).get("code", "without a code"))
