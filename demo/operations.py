"""The operations that the simulation sends, each with its document."""

from enum import Enum
from typing import Final

_PROBLEMS: Final = "problems { code message path }"
_PAYLOAD: Final = f"session {{ id kind state revision }} keepaliveSeconds {_PROBLEMS}"
_PAGE: Final = """
    nodes { id kind subject state visible path startedAt lastSeenAt endReason elapsedSeconds visibleSeconds }
    pageInfo { hasNextPage endCursor }
    totalCount"""
_COUNTS: Final = """
    total active visible seenWithin(minutes: 5)
    byKind { key total active visible }
    byPath(first: 10, depth: 2) { path sessions activeNow visibleSeconds }
    byEndReason { key total }"""
_TIMELINE: Final = "edges { cursor node { id type at sessionId data } }"


class Operation(Enum):
    """One operation: its root field, the argument that its only variable is for and its type, and its selection."""

    START = "startSession", "input", "StartSessionInput!", f"created {_PAYLOAD}"
    KEEPALIVE = "keepaliveSession", "input", "KeepaliveSessionInput!", _PAYLOAD
    KEEPALIVE_MANY = "keepaliveSessions", "inputs", "[KeepaliveSessionInput!]!", _PAYLOAD
    TRACK = "trackMedia", "input", "TrackMediaInput!", _PAYLOAD
    HIDE = "hideSession", "input", "HideSessionInput!", _PAYLOAD
    STOP = "stopSession", "input", "StopSessionInput!", _PAYLOAD
    TERMINATE = "terminateSession", "input", "TerminateSessionInput!", _PAYLOAD
    LIST = "sessions", "filter", "SessionFilter", _PAGE
    COUNT = "sessionStats", "filter", "SessionFilter", _COUNTS
    TIMELINE = "activities", "filter", "SessionFilter", _TIMELINE

    def __init__(self, field: str, argument: str, input_type: str, selection: str) -> None:
        self.field = field
        self.argument = argument
        self.operation_name = field[0].upper() + field[1:]
        self.is_query = argument == "filter"
        """Whether it only looks."""
        window = {"sessions": ", first: 50", "activities": ", last: 50"}.get(field, "")
        self.document = (
            f"{'query' if self.is_query else 'mutation'} {self.operation_name}(${argument}: {input_type}) "
            f"{{ {field}({argument}: ${argument}{window}) {{ {selection} }} }}"
        )
