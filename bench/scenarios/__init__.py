"""What is measured, one figure a file. A new one is a file here and an entry in `FIGURES`."""

from typing import Final

from bench.scenarios.base import Figure
from bench.scenarios.fanout import Fanout
from bench.scenarios.history import Past
from bench.scenarios.idle import Idle
from bench.scenarios.keepalive import Keepalive
from bench.scenarios.latency import Latency
from bench.scenarios.memory import Memory
from bench.scenarios.page import Page
from bench.scenarios.reconnect_storm import Storm
from bench.scenarios.restart import Restart
from bench.scenarios.shutdown import Shutdown
from bench.scenarios.subscriptions import DIFFERENT, EQUAL

FIGURES: Final[tuple[Figure, ...]] = (
    Keepalive(),
    Page(),
    Past(),
    Fanout("equal", "deliveries to equal subscribers", EQUAL),
    Fanout("groups", f"deliveries to {len(DIFFERENT)} different groups of subscribers", DIFFERENT),
    Latency(),
    Memory(),
    Shutdown(),
    Restart(),
    Idle(),
    Storm(),
)
