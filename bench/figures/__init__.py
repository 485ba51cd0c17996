"""What is measured, one figure a file. A new one is a file here and an entry in `FIGURES`."""

from typing import Final

from bench.figures.fanout import Fanout
from bench.figures.figure import Figure
from bench.figures.idle import Idle
from bench.figures.keepalive import Keepalive
from bench.figures.latency import Latency
from bench.figures.memory import Memory
from bench.figures.page import Page
from bench.figures.past import Past
from bench.figures.restart import Restart
from bench.figures.shutdown import Shutdown
from bench.figures.storm import Storm
from bench.figures.watching import DIFFERENT, EQUAL

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
