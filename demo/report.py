"""Counts and latencies of a run, printed as one table."""

from collections import Counter, defaultdict, deque
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

import orjson
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from models.enums import Kind, ProblemCode

DASHBOARD: Final = "dashboard"
MAX_LATENCIES: Final = 100_000
"""Latencies kept for each kind: a run of days must not grow without bound."""


class Outcome(Enum):
    OK = "ok"
    PROBLEM = "problem"
    ERROR = "error"
    NO_RESPONSE = "no response"


@dataclass(frozen=True)
class Response:
    """One response: the value of its root field, and the codes of its problems or errors."""

    outcome: Outcome
    codes: tuple[str, ...] = ()
    value: Any = None


def parse_response(field: str, status: int, body: bytes) -> Response:
    """Classify a response. What is not GraphQL is an error named after the HTTP status."""
    try:
        message = orjson.loads(body)
        if errors := message.get("errors"):
            return Response(Outcome.ERROR, tuple(str(error.get("extensions", {}).get("code")) for error in errors))
        value = message["data"][field]
        payloads = [value, *value.get("results", ())]
        codes = tuple(problem["code"] for payload in payloads for problem in payload.get("problems", ()))
    except (orjson.JSONDecodeError, AttributeError, LookupError, TypeError):
        return Response(Outcome.ERROR, (f"HTTP {status}",))
    return Response(Outcome.PROBLEM if codes else Outcome.OK, codes, value)


class Report:
    """What was sent so far, and how it went."""

    def __init__(self) -> None:
        self.outcomes: Counter[tuple[Outcome, str]] = Counter()
        self.consecutive_failures = 0
        self._sent: Counter[str] = Counter()
        self._latencies: defaultdict[str, deque[float]] = defaultdict(lambda: deque(maxlen=MAX_LATENCIES))

    def record(self, kind: Kind | None, response: Response, seconds: float) -> None:
        """Count a response that came `seconds` after its operation was due."""
        row = kind or DASHBOARD
        self._sent[row] += 1
        self._latencies[row].append(seconds)
        self.outcomes.update((response.outcome, code) for code in response.codes or ("",))
        no_response = response.outcome is Outcome.NO_RESPONSE
        self.consecutive_failures = self.consecutive_failures + 1 if no_response else 0

    @property
    def failures(self) -> int:
        """Outcomes that a correct server does not give. Some visits expect SESSION_ENDED."""
        expected = (Outcome.OK, ""), (Outcome.PROBLEM, ProblemCode.SESSION_ENDED)
        return sum(count for outcome, count in self.outcomes.items() if outcome not in expected)

    def print(self, console: Console) -> None:
        """Print operations and latencies by kind, then outcomes other than ok."""
        table = Table("kind", box=SIMPLE)
        for heading in ("operations", "p50 ms", "p99 ms"):
            table.add_column(heading, justify="right")
        for row in (*Kind, DASHBOARD):
            if latencies := sorted(self._latencies[row]):
                percentiles = (latencies[int(len(latencies) * share)] for share in (0.50, 0.99))
                table.add_row(row, str(self._sent[row]), *(f"{1000 * seconds:.1f}" for seconds in percentiles))
        console.print(table)
        for (outcome, code), count in self.outcomes.most_common():
            if outcome is not Outcome.OK:
                console.print(f"{count} × {outcome.value}: {code}", highlight=False)
