"""Parts of a size that a test can fill: at their seams nothing may be lost."""

from collections.abc import Callable
from types import ModuleType
from typing import Final

from resolvers.feed import queries
from resolvers.subscriptions import activities, live_query

SIZES: Final[tuple[tuple[ModuleType, str, int], ...]] = (
    (queries, "PAGE_SIZE", 2),
    (queries, "BATCH_SIZE", 3),
    (live_query, "FLUSH_SIZE", 2),
    (activities, "MAX_PENDING", 2),
)
"""What is read, told or kept at a time."""


def shrink_batches(set_: Callable[[ModuleType, str, int], object], factor: int = 1) -> None:
    """Have `set_` set all of them, so many times as large as can be."""
    for module, name, size in SIZES:
        set_(module, name, size * factor)
