"""What the subscribers of a storm ask for."""

from dataclasses import dataclass
from typing import Any, Final

from tests.chaos.requests import HEAVY_SET, LOG, SET, Wish

FILTERS: Final[tuple[dict[str, Any], ...]] = (
    {},
    {"visible": True},
    {"visible": False},
    {"pathPrefix": ["a"]},
    {"pathPrefix": ["a", "b"], "visible": True},
    {"kinds": ["USER", "MEDIA"]},
    {"kinds": ["FIELD"]},
    {"kinds": ["AGENDA"], "active": True},
    {"projectIds": ["other"]},
    {"subjects": ["ann", "unit", "device"]},
    {"client": {"clientSystems": ["iOS"]}},
    {"user": {"usernames": ["ann"]}, "client": {}},
    {"agenda": {"guides": [1]}, "states": ["ACTIVE"]},
    {"field": {"unitIds": ["unit"]}, "media": {"playerStates": ["STARTING"]}},
    {"startedAfter": "2026-01-01T00:00:00Z", "kinds": ["AGENDA", "USER"]},
)
MANNERS: Final[tuple[dict[str, Any], ...]] = (
    {"every": 0},
    {"every": 0, "heartbeats": True},
    {"every": 150},
    {"every": 400, "heartbeats": True},
)


def sets(count: int) -> list[Wish]:
    """So many live sets: each filter, and all sessions in each manner, before any comes twice."""
    kinds = [(filter_, MANNERS[number % len(MANNERS)]) for number, filter_ in enumerate(FILTERS)]
    kinds += [(FILTERS[0], manner) for manner in MANNERS[1:]]
    chosen = [kinds[number % len(kinds)] for number in range(count)]
    return [Wish(SET, {"filter": filter_, **manner}) for filter_, manner in chosen]


SLOW: Final = Wish(HEAVY_SET, {"filter": {"kinds": ["USER", "CLIENT", "FIELD", "MEDIA"]}})
"""What those ask for who do not read what they are told."""


@dataclass(frozen=True)
class LogWish:
    """A log to read, and the same as a condition on its rows."""

    wish: Wish
    sql: str | None
    """On `activity`, with `session` where there is one; null: nobody can say afterwards what it was told."""


LOGS: Final[tuple[LogWish, ...]] = (
    LogWish(Wish(LOG), "TRUE"),
    LogWish(Wish(LOG, {"types": ["STARTED", "MOVED"]}), "type IN ('STARTED', 'MOVED')"),
    LogWish(Wish(LOG, {"filter": {"kinds": ["USER", "AGENDA"]}}), "activity.kind IN ('USER', 'AGENDA')"),
    LogWish(Wish(LOG, {"filter": {"projectIds": ["other"]}}), "activity.project_id = 'other'"),
    LogWish(
        Wish(LOG, {"filter": {"subjects": ["ann", "unit"]}, "types": ["STARTED", "STOPPED", "HIDDEN"]}),
        "session.subject IN ('ann', 'unit') AND type IN ('STARTED', 'STOPPED', 'HIDDEN')",
    ),
    LogWish(Wish(LOG, {"filter": {"visible": True}}), None),
)
