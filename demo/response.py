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
    NO_RESPONSE = "no answer"


@dataclass(frozen=True)
class Response:
    """The outcome; the codes of its problems or errors; the id of the session, where there is one."""

    outcome: Outcome
    codes: tuple[str, ...] = ()
    session: str | None = None


def no_response(error: Exception) -> Response:
    """No answer came: the connection failed, or it took too long."""
    return Response(Outcome.NO_RESPONSE, (type(error).__name__,))


def parse_response(operation: Operation, status: int, body: bytes) -> Response:
    """Reads the body of a GraphQL answer. Whatever is not one is an error named after the HTTP status."""
    try:
        response = orjson.loads(body)
        if errors := response.get("errors"):
            return Response(Outcome.ERROR, tuple(_error_code(error) for error in errors))
        result = response["data"][operation.field]
        if operation.is_query:
            return Response(Outcome.DONE)
        return _parse_payloads(result if isinstance(result, list) else [result])
    except (orjson.JSONDecodeError, AttributeError, LookupError, TypeError):
        return Response(Outcome.ERROR, (f"HTTP {status}",))


def _parse_payloads(payloads: list[dict[str, Any]]) -> Response:
    codes = tuple(problem["code"] for payload in payloads for problem in payload["problems"])
    sessions = [payload["session"]["id"] for payload in payloads if payload["session"]]
    return Response(Outcome.PROBLEM if codes else Outcome.DONE, codes, next(iter(sessions), None))


def _error_code(error: dict[str, Any]) -> str:
    return str(error.get("extensions", {}).get("code", "without a code"))
