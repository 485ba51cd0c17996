"""What a figure is."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Protocol, TypeAlias

from bench.harness import Harness

Sample: TypeAlias = Sequence[float]
"""What one run gives: a number for each column. Infinite: it did not come to an end."""


@dataclass(frozen=True)
class Column:
    """One number: its heading, and how it is formatted."""

    heading: str
    format_spec: str = ",.0f"


@dataclass(frozen=True)
class Row:
    """The runs of one server in one case."""

    server: str
    case: str
    samples: Sequence[Sample]

    def median(self, column: int) -> float:
        """The number in the middle of those in a column."""
        return median(reading[column] for reading in self.samples)

    @property
    def spread(self) -> tuple[float, float]:
        """The least and the most in the first column."""
        values = [reading[0] for reading in self.samples]
        return min(values), max(values)


class Scenario(Protocol):
    """One kind of work, done in the same way to each server."""

    @property
    def name(self) -> str:
        """What the command line calls it."""

    @property
    def title(self) -> str:
        """The heading of its table."""

    @property
    def case(self) -> str:
        """What its cases differ in; empty where there is but one."""

    @property
    def columns(self) -> Sequence[Column]:
        """What each run gives. It is the first that servers are compared by."""

    @property
    def lower_is_better(self) -> bool:
        """Whether a small number is a good one, in the first column."""

    async def rows(self, harness: Harness) -> Sequence[Row]:
        """The rows, by case and then by server, the peer last. Raises LoadFailed, ServerFailed, MachineLacks."""
