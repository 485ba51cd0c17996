"""What a subscriber asks for: an operation, and where it begins."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

SESSION_FIELDS: Final = "id revision path visible state"

ACTIVE_SESSIONS: Final = f"""
subscription Set($filter: SessionFilter, $every: Int, $heartbeats: Boolean, $after: String) {{
    item: activeSessions(filter: $filter, minIntervalMs: $every, heartbeats: $heartbeats, after: $after) {{
        __typename
        ... on SessionSnapshot {{ sessions {{ {SESSION_FIELDS} }} totalCount last truncated cursor }}
        ... on SessionChange {{ change id activity at cursor session {{ {SESSION_FIELDS} }} }}
        ... on FeedResync {{ reason cursor }} }} }}"""
ACTIVE_SESSIONS_WITH_METADATA: Final = ACTIVE_SESSIONS.replace(SESSION_FIELDS, f"{SESSION_FIELDS} metadata")

SESSION_ACTIVITIES: Final = """subscription Log($filter: SessionFilter, $types: [ActivityType!], $after: String) {
    item: sessionActivities(filter: $filter, types: $types, after: $after) {
        __typename ... on Activity { id cursor type sessionId } ... on FeedResync { reason cursor } } }"""

SESSIONS_PAGE: Final = f"""query($filter: SessionFilter, $after: String) {{
    sessions(filter: $filter, first: 500, after: $after) {{
        nodes {{ {SESSION_FIELDS} }} pageInfo {{ hasNextPage endCursor }} }} }}"""


@dataclass(frozen=True)
class SubscriptionRequest:
    """A subscription, wherever it begins."""

    document: str
    variables: Mapping[str, Any] = field(default_factory=dict)

    @property
    def filter(self) -> Mapping[str, Any]:
        """The sessions that it is about."""
        found: Mapping[str, Any] = self.variables.get("filter", {})
        return found

    def body(self, after: str | None) -> dict[str, Any]:
        """The request, to go on behind a cursor."""
        variables = {**self.variables} if after is None else {**self.variables, "after": after}
        return {"query": self.document, "variables": variables}


def item_from_result(result: Mapping[str, Any]) -> dict[str, Any]:
    """What a result tells; it must have no errors."""
    assert "errors" not in result, result
    found: dict[str, Any] = result["data"]["item"]
    return found
