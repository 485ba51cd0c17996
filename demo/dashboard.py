"""A dashboard that polls lists, statistics and the timeline."""

from typing import Any, Final

from demo.visit import Visit

FILTERS: Final[list[dict[str, Any] | None]] = [
    None,
    {"active": True},
    {"kinds": ["USER", "CLIENT"], "visible": True},
    {"user": {}, "pathPrefix": ["/view/plants"]},
    {"media": {"channels": ["drama", "news"]}},
    {"agenda": {"guides": [101]}, "states": ["SCHEDULED", "ACTIVE"]},
]


async def poll_dashboard(visit: Visit) -> None:
    """Poll until the end of the run."""
    while True:
        for field in ("sessions", "sessionStats", "activities"):
            await visit.send(visit, field, {"filter": visit.rng.choice(FILTERS)})
            await visit.wait(1, 4)
