"""A server that is overloaded, by a lag that the test injects."""

from typing import Final

from transport.admission import Admission
from transport.admission.monitor import WINDOW_SAMPLES

REFUSES_HEAVY: Final = 0.4
REFUSES_QUERIES: Final = 0.55
REFUSES_ALL: Final = 5.0
"""Lags, in seconds. Of what is refused a tenth is let through: the first of them is the eighth request."""


def overload(admission: Admission, seconds: float, name: str = "test") -> None:
    """Let a lag last for a while."""
    admission.add_lag(name, f"{name}_lag_seconds", "Lag.", lambda: seconds)
    for _ in range(WINDOW_SAMPLES):
        admission.monitor.sample(0.0)
