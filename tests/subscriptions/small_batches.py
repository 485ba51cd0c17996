"""Small batches and pages, so that tests cross their boundaries."""

from collections.abc import Callable
from types import ModuleType
from typing import Final

from resolvers.feed import queries
from resolvers.subscriptions import activities, live_query

SIZES: Final[tuple[tuple[ModuleType, str, int], ...]] = (
    (queries, "PAGE_SIZE", 2),
    (queries, "SNAPSHOT_PART_SIZE", 2),
    (queries, "BATCH_SIZE", 3),
    (live_query, "FLUSH_SIZE", 2),
    (activities, "MAX_PENDING", 2),
)


def shrink_batches(set_: Callable[[ModuleType, str, int], object], factor: int = 1) -> None:
    """Call `set_` with each constant, `factor` times its smallest value."""
    for module, name, size in SIZES:
        set_(module, name, size * factor)
