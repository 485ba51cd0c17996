"""What the subscribers of a storm ask for."""

from dataclasses import dataclass
from typing import Any, Final

from tests.chaos.requests import ACTIVE_SESSIONS, ACTIVE_SESSIONS_WITH_METADATA, SESSION_ACTIVITIES, SubscriptionRequest

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
DELIVERY_OPTIONS: Final[tuple[dict[str, Any], ...]] = (
    {"every": 0},
    {"every": 0, "heartbeats": True},
    {"every": 150},
    {"every": 400, "heartbeats": True},
)


def set_requests(count: int) -> list[SubscriptionRequest]:
    """So many live sets: each filter, and all sessions in each manner, before any comes twice."""
    kinds = [(filter_, DELIVERY_OPTIONS[number % len(DELIVERY_OPTIONS)]) for number, filter_ in enumerate(FILTERS)]
    kinds += [(FILTERS[0], options) for options in DELIVERY_OPTIONS[1:]]
    chosen = [kinds[number % len(kinds)] for number in range(count)]
    return [SubscriptionRequest(ACTIVE_SESSIONS, {"filter": filter_, **manner}) for filter_, manner in chosen]


SLOW_READER_REQUEST: Final = SubscriptionRequest(
    ACTIVE_SESSIONS_WITH_METADATA, {"filter": {"kinds": ["USER", "CLIENT", "FIELD", "MEDIA"]}}
)
"""What those ask for who do not read what they are told."""


@dataclass(frozen=True)
class LogRequest:
    """A log to read, and the same as a condition on its rows."""

    request: SubscriptionRequest
    sql: str | None
    """On `activity`, with `session` where there is one; null: nobody can say afterwards what it was told."""


LOG_REQUESTS: Final[tuple[LogRequest, ...]] = (
    LogRequest(SubscriptionRequest(SESSION_ACTIVITIES), "TRUE"),
    LogRequest(
        SubscriptionRequest(SESSION_ACTIVITIES, {"types": ["STARTED", "MOVED"]}), "type IN ('STARTED', 'MOVED')"
    ),
    LogRequest(
        SubscriptionRequest(SESSION_ACTIVITIES, {"filter": {"kinds": ["USER", "AGENDA"]}}),
        "activity.kind IN ('USER', 'AGENDA')",
    ),
    LogRequest(
        SubscriptionRequest(SESSION_ACTIVITIES, {"filter": {"projectIds": ["other"]}}), "activity.project_id = 'other'"
    ),
    LogRequest(
        SubscriptionRequest(
            SESSION_ACTIVITIES, {"filter": {"subjects": ["ann", "unit"]}, "types": ["STARTED", "STOPPED", "HIDDEN"]}
        ),
        "session.subject IN ('ann', 'unit') AND type IN ('STARTED', 'STOPPED', 'HIDDEN')",
    ),
    LogRequest(SubscriptionRequest(SESSION_ACTIVITIES, {"filter": {"visible": True}}), None),
)
