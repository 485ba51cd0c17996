"""What is measured, one figure a file. A new one is a file here and an entry in `FIGURES`."""

from typing import Final

from bench.scenarios.base import Scenario
from bench.scenarios.fanout import Fanout
from bench.scenarios.history import History
from bench.scenarios.idle import Idle
from bench.scenarios.keepalive import Keepalive
from bench.scenarios.latency import Latency
from bench.scenarios.memory import Memory
from bench.scenarios.page import Page
from bench.scenarios.reconnect_storm import ReconnectStorm
from bench.scenarios.restart import Restart
from bench.scenarios.shutdown import Shutdown
from bench.scenarios.subscriptions import DISTINCT_DOCUMENTS, SHARED_DOCUMENTS

SCENARIOS: Final[tuple[Scenario, ...]] = (
    Keepalive(),
    Page(),
    History(),
    Fanout("equal", "deliveries to equal subscribers", SHARED_DOCUMENTS),
    Fanout("groups", f"deliveries to {len(DISTINCT_DOCUMENTS)} different groups of subscribers", DISTINCT_DOCUMENTS),
    Latency(),
    Memory(),
    Shutdown(),
    Restart(),
    Idle(),
    ReconnectStorm(),
)
