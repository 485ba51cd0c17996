"""A server that is overloaded, by a lag that the test injects."""

from functools import partial
from typing import Final

from transport.admission import Admission
from transport.admission.monitor import SAMPLE_SECONDS

REFUSES_HEAVY: Final = 0.4
REFUSES_QUERIES: Final = 0.55
REFUSES_ALL: Final = 5.0
"""Lags, in seconds. Of what is refused a tenth is let through: the first of them is the eighth request."""


def overload(admission: Admission, seconds: float, name: str = "test") -> None:
    """Let a lag last for as long as it is, and a second."""
    admission.add_lag(name, f"{name}_lag_seconds", "Lag.", lambda: seconds)
    pass_time(admission, seconds + 1)


def pass_time(admission: Admission, seconds: float) -> None:
    """Take samples on a clock that stands still afterwards."""
    monitor = admission.monitor
    now = monitor.time()
    for number in range(round(seconds / SAMPLE_SECONDS)):
        monitor._time = partial(float, now + number * SAMPLE_SECONDS)
        monitor.sample(0.0)
