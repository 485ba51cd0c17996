"""The few statistics that the tables show."""

import math
from collections.abc import Collection


def percentile(values: Collection[float], fraction: float) -> float:
    """The smallest value that at least `share` (0 to 1) of them do not exceed; 0 of none."""
    if not values:
        return 0.0
    return sorted(values)[max(0, math.ceil(len(values) * fraction) - 1)]
