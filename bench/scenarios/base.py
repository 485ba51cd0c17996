"""What a scenario is."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TypeAlias

from bench.harness import Harness

Sample: TypeAlias = Sequence[float]
"""The result of one run: a number for each column. Infinite: it did not finish."""


@dataclass(frozen=True)
class Column:
    heading: str
    format_spec: str = ",.0f"


@dataclass(frozen=True)
class Row:
    """The runs of one server in one case."""

    server: str
    case: str
    samples: Sequence[Sample]
    series: str = ""
    """Line of the chart that it is a point of."""
    x: float = 0.0
    """Its place on the axis of the chart."""

    def median(self, column: int) -> float:
        return median(sample[column] for sample in self.samples)

    @property
    def spread(self) -> tuple[float, float]:
        """Least and greatest value of the first column."""
        values = [sample[0] for sample in self.samples]
        return min(values), max(values)


@dataclass(frozen=True)
class Chart:
    """How the first column grows with something."""

    x_label: str
    y_label: str


@dataclass(frozen=True)
class Scenario:
    """One kind of work, done in the same way to each server, compared by the first column."""

    name: str
    title: str
    case: str
    """Heading of what its cases differ in."""
    columns: Sequence[Column]
    measure: Callable[[Harness], Awaitable[Sequence[Row]]]
    """Returns rows by case, then server, ours first. Raises LoadFailed, ServerFailed, ResourceLimitError."""
    lower_is_better: bool = True
    chart: Chart | None = None
