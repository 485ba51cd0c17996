"""Bound of the memory that generated functions take."""

from typing import Final, Protocol
from weakref import WeakKeyDictionary

from transport.executor.plan import Unplanned

MAX_LINES: Final = 100_000
MAX_LINES_OF_OPERATION: Final = 2_000


class Planned(Protocol):
    """An operation with plans."""

    def drop(self) -> None:
        """Drop all functions, and give their lines back."""


class LineBudget:
    """Bound of the memory that generated functions take, with all that belongs to them: 550 bytes a line.

    A page of five kinds of rows has about 100 lines. When all are taken, the operations that were planned first lose
    their functions, which are generated anew when they are executed next.
    """

    def __init__(self, lines: int = MAX_LINES, lines_of_operation: int = MAX_LINES_OF_OPERATION) -> None:
        self.left = lines
        self.lines_of_operation = lines_of_operation
        self._planned: WeakKeyDictionary[Planned, None] = WeakKeyDictionary()
        """In the order of their first plans. Weak: they end with their documents."""

    def make_room(self) -> None:
        """Take back lines until some are left."""
        while self.left <= 0 and self._planned:
            first = next(iter(self._planned))
            del self._planned[first]
            first.drop()

    def register(self, planned: Planned) -> None:
        """Add an operation that has no plan yet."""
        self._planned[planned] = None


class LineCount:
    """Lines of the functions of one operation."""

    def __init__(self, budget: LineBudget) -> None:
        self._budget = budget
        self._count = 0

    def add(self, lines: int) -> None:
        """Take lines of the budget. Raises Unplanned if there are too many of this operation."""
        self._count += lines
        self._budget.left -= lines
        if self._count > self._budget.lines_of_operation:
            raise Unplanned

    def give_back(self) -> None:
        self._budget.left += self._count
        self._count = 0
