"""Bound of the memory that generated functions take."""

from typing import Final

from transport.executor.plan import Unplanned

MAX_LINES: Final = 100_000
MAX_LINES_OF_OPERATION: Final = 2_000


class LineBudget:
    """Bound of the memory that generated functions take, with all that belongs to them: 550 bytes a line.

    A page of five kinds of rows has about 100 lines.
    """

    def __init__(self, lines: int = MAX_LINES, lines_of_operation: int = MAX_LINES_OF_OPERATION) -> None:
        self.left = lines
        self.lines_of_operation = lines_of_operation


class LineCount:
    """Lines of the functions of one operation."""

    def __init__(self, budget: LineBudget) -> None:
        self._budget = budget
        self._count = 0

    @property
    def may_grow(self) -> bool:
        return self._budget.left > 0

    def add(self, lines: int) -> None:
        """Take lines of the budget. Raises Unplanned if there are too many of this operation."""
        self._count += lines
        self._budget.left -= lines
        if self._count > self._budget.lines_of_operation:
            raise Unplanned

    def give_back(self) -> None:
        self._budget.left += self._count
        self._count = 0
