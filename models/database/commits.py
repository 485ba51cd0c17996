"""How the writer fares: what it committed, in batches of which size."""

from bisect import bisect_left
from typing import Final

HISTOGRAM_BUCKETS: Final = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
"""Upper bounds of the sizes that are counted apart; none is larger."""


class CommitStats:
    """Counts since the server started."""

    def __init__(self) -> None:
        self.calls = 0
        """Calls whose change is on disk."""
        self.failures = 0
        """Transactions that the storage refused."""
        self.by_size = [0] * len(HISTOGRAM_BUCKETS)
        """Transactions by how many calls shared them, each size up to the bound of the same place in `SIZES`."""

    def record(self, size: int) -> None:
        """A transaction of so many calls was committed."""
        self.calls += size
        self.by_size[bisect_left(HISTOGRAM_BUCKETS, size)] += 1
