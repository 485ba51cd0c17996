"""Somebody looks on: lists, counts and the timeline, again and again."""

from collections.abc import Iterator
from typing import Any, Final

from demo.operations import Operation
from demo.plan import Call, VisitContext

FILTERS: Final[list[dict[str, Any] | None]] = [
    None,
    {"active": True},
    {"kinds": ["USER", "CLIENT"], "visible": True},
    {"user": {}, "pathPrefix": ["/view/plants"]},
    {"media": {"channels": ["drama", "news"]}},
    {"agenda": {"guides": [101]}, "states": ["SCHEDULED", "ACTIVE"]},
]


def poll_dashboard(context: VisitContext) -> Iterator[Call]:
    """A dashboard that stays open to the end of the run."""
    while True:
        for operation in (Operation.LIST, Operation.COUNT, Operation.TIMELINE):
            yield Call(operation, None, context.rng.choice(FILTERS), context.random_seconds(1, 4))
