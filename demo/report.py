"""Counts what was sent and answered, and shows it as two tables."""

from collections import Counter, defaultdict, deque
from typing import Final

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from bench.statistics import percentile
from demo.operations import Operation
from demo.plan import Call
from demo.response import Outcome, Response
from models.enums import Kind, ProblemCode

OPERATION_COLUMNS: Final = {
    Operation.START: "start",
    Operation.KEEPALIVE: "keepalive",
    Operation.KEEPALIVE_MANY: "keepalive",
    Operation.TRACK: "events",
    Operation.HIDE: "hide",
    Operation.STOP: "end",
    Operation.TERMINATE: "end",
    Operation.LIST: "read",
    Operation.COUNT: "read",
    Operation.TIMELINE: "read",
}
DASHBOARD_ROW: Final = "dashboard"
MAX_LATENCIES: Final = 100_000
"""Latencies kept of each kind: a run of days must not grow without bound."""


class Report:
    """What has happened so far."""

    def __init__(self) -> None:
        self.sent: Counter[tuple[str, str]] = Counter()
        self.outcomes: Counter[tuple[Outcome, str]] = Counter()
        self.consecutive_failures = 0
        self._latencies: defaultdict[str, deque[float]] = defaultdict(lambda: deque(maxlen=MAX_LATENCIES))

    def record(self, call: Call, response: Response, seconds: float) -> None:
        """Counts one answer that took so many seconds from the moment its call was due."""
        row = call.kind or DASHBOARD_ROW
        self.sent[row, OPERATION_COLUMNS[call.operation]] += 1
        self._latencies[row].append(seconds)
        self.outcomes.update((response.outcome, code) for code in response.codes or ("",))
        self.consecutive_failures = self.consecutive_failures + 1 if response.outcome is Outcome.NO_RESPONSE else 0

    @property
    def total(self) -> int:
        return self.sent.total()

    @property
    def failures(self) -> int:
        """Answers that a correct server does not give to these calls; SESSION_ENDED is part of life."""
        return sum(
            count
            for (outcome, code), count in self.outcomes.items()
            if outcome is not Outcome.DONE and code != ProblemCode.SESSION_ENDED
        )

    def print_tables(self, console: Console) -> None:
        """Prints the operations by kind with their latency, and the answers by outcome."""
        columns = list(dict.fromkeys(OPERATION_COLUMNS.values()))
        operations = Table("kind", box=SIMPLE, title=f"{self.total} operations")
        for name in (*columns, "all", "p50 ms", "p99 ms"):
            operations.add_column(name, justify="right")
        for row in (*Kind, DASHBOARD_ROW):
            if seconds := self._latencies[row]:
                counts = [self.sent[row, column] for column in columns]
                times = [f"{1000 * percentile(seconds, share):.1f}" for share in (0.50, 0.99)]
                operations.add_row(row, *(str(count or "–") for count in counts), str(sum(counts)), *times)
        outcomes = Table("answer", "code", box=SIMPLE, title="answers")
        outcomes.add_column("count", justify="right")
        for (outcome, code), count in sorted(self.outcomes.items(), key=lambda entry: -entry[1]):
            outcomes.add_row(outcome.value, code, str(count))
        console.print(operations, outcomes)
