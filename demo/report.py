"""Counts what was sent and answered, and shows it as two tables."""

from collections import Counter, defaultdict, deque
from typing import Final

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from bench.statistics import percentile
from demo.operations import Operation
from demo.plan import Call
from demo.response import Answer, Outcome
from models.enums import Kind, ProblemCode

COLUMNS: Final = {
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
READER: Final = "dashboard"
LATEST: Final = 100_000
"""Latencies kept of each kind: a run of days must not grow without bound."""


class Tally:
    """What has happened so far."""

    def __init__(self) -> None:
        self.sent: Counter[tuple[str, str]] = Counter()
        self.outcomes: Counter[tuple[Outcome, str]] = Counter()
        self.lost_in_a_row = 0
        self._seconds: defaultdict[str, deque[float]] = defaultdict(lambda: deque(maxlen=LATEST))

    def add(self, call: Call, answer: Answer, seconds: float) -> None:
        """Counts one answer that took so many seconds from the moment its call was due."""
        row = call.kind or READER
        self.sent[row, COLUMNS[call.operation]] += 1
        self._seconds[row].append(seconds)
        self.outcomes.update((answer.outcome, code) for code in answer.codes or ("",))
        self.lost_in_a_row = self.lost_in_a_row + 1 if answer.outcome is Outcome.UNANSWERED else 0

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

    def show(self, console: Console) -> None:
        """Prints the operations by kind with their latency, and the answers by outcome."""
        columns = list(dict.fromkeys(COLUMNS.values()))
        operations = Table("kind", box=SIMPLE, title=f"{self.total} operations")
        for name in (*columns, "all", "p50 ms", "p99 ms"):
            operations.add_column(name, justify="right")
        for row in (*Kind, READER):
            if seconds := self._seconds[row]:
                counts = [self.sent[row, column] for column in columns]
                times = [f"{1000 * percentile(seconds, share):.1f}" for share in (0.50, 0.99)]
                operations.add_row(row, *(str(count or "–") for count in counts), str(sum(counts)), *times)
        outcomes = Table("answer", "code", box=SIMPLE, title="answers")
        outcomes.add_column("count", justify="right")
        for (outcome, code), count in sorted(self.outcomes.items(), key=lambda entry: -entry[1]):
            outcomes.add_row(outcome.value, code, str(count))
        console.print(operations, outcomes)
