"""Subscriptions of the storm's clients."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

SESSION_FIELDS: Final = "id revision path visible state"

ACTIVE_SESSIONS: Final = f"""subscription(
    $filter: SessionFilter, $every: Int, $heartbeats: Boolean, $after: String
) {{
    item: activeSessions(filter: $filter, minIntervalMs: $every, heartbeats: $heartbeats, after: $after) {{
        __typename
        ... on SessionSnapshot {{ sessions {{ {SESSION_FIELDS} }} totalCount first last cursor }}
        ... on SessionChange {{ change id activity at cursor session {{ {SESSION_FIELDS} }} }}
        ... on FeedResync {{ reason cursor }} }} }}"""
SESSION_ACTIVITIES: Final = """subscription Log($filter: SessionFilter, $types: [ActivityType!], $after: String) {
    item: sessionActivities(filter: $filter, types: $types, after: $after) {
        __typename ... on Activity { id cursor type sessionId } ... on FeedResync { reason cursor } } }"""
SESSIONS_PAGE: Final = f"""query($filter: SessionFilter, $after: String) {{
    sessions(filter: $filter, first: 500, after: $after) {{
        nodes {{ {SESSION_FIELDS} }} pageInfo {{ hasNextPage endCursor }} }} }}"""


@dataclass(frozen=True)
class SubscriptionRequest:
    document: str
    variables: Mapping[str, Any] = field(default_factory=dict)

    @property
    def filter(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.variables.get("filter", {})
        return found

    def body(self, after: str | None) -> dict[str, Any]:
        """Return the request body that resumes from a cursor."""
        variables = {**self.variables} if after is None else {**self.variables, "after": after}
        return {"query": self.document, "variables": variables}


def item_from_result(result: Mapping[str, Any]) -> dict[str, Any]:
    """Return the item of a result without errors."""
    assert "errors" not in result, result
    found: dict[str, Any] = result["data"]["item"]
    return found


# ---- active sessions ----

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
    """Return requests that cover each filter, and all sessions with each of the options, before any is repeated."""
    pairs = [(filter_, DELIVERY_OPTIONS[number % len(DELIVERY_OPTIONS)]) for number, filter_ in enumerate(FILTERS)]
    pairs += [(FILTERS[0], options) for options in DELIVERY_OPTIONS[1:]]
    chosen = [pairs[number % len(pairs)] for number in range(count)]
    return [SubscriptionRequest(ACTIVE_SESSIONS, {"filter": filter_, **options}) for filter_, options in chosen]


# With metadata, so that the queue of a client that does not read overflows soon.
SLOW_READER_REQUEST: Final = SubscriptionRequest(
    ACTIVE_SESSIONS.replace(SESSION_FIELDS, f"{SESSION_FIELDS} metadata"),
    {"filter": {"kinds": ["USER", "CLIENT", "FIELD", "MEDIA"]}},
)


# ---- activities ----


@dataclass(frozen=True)
class LogRequest:
    """Subscription to activities, and the same condition in SQL."""

    request: SubscriptionRequest
    sql: str | None
    """On `activity`, outer-joined with `session`; null: it depends on when an entry was sent."""


def _log_request(sql: str | None, **variables: Any) -> LogRequest:
    return LogRequest(SubscriptionRequest(SESSION_ACTIVITIES, variables), sql)


LOG_REQUESTS: Final[tuple[LogRequest, ...]] = (
    _log_request("TRUE"),
    _log_request("type IN ('STARTED', 'MOVED')", types=["STARTED", "MOVED"]),
    _log_request("activity.kind IN ('USER', 'AGENDA')", filter={"kinds": ["USER", "AGENDA"]}),
    _log_request("activity.project_id = 'other'", filter={"projectIds": ["other"]}),
    _log_request(
        "session.subject IN ('ann', 'unit') AND type IN ('STARTED', 'STOPPED', 'HIDDEN')",
        filter={"subjects": ["ann", "unit"]},
        types=["STARTED", "STOPPED", "HIDDEN"],
    ),
    _log_request(None, filter={"visible": True}),
)
