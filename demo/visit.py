"""One simulated visit: its random choices, its clock, and the API calls of its sessions."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final, TypeAlias

from demo.report import Response
from models.enums import Kind, ProblemCode

_PAYLOAD: Final = "session { id kind state revision } problems { code message path }"
_OPEN: Final = f"keepaliveSeconds {_PAYLOAD}"
_LISTED: Final = "id kind subject state visible path startedAt lastSeenAt endReason elapsedSeconds visibleSeconds"
_STATS: Final = """total active visible seenWithin(minutes: 5) byKind { kind total active visible }
  byPath(first: 10, depth: 2) { path sessions activeNow visibleSeconds } byEndReason { reason total }"""


def _mutation(field: str, selection: str = _PAYLOAD) -> str:
    input_type = f"{field[0].upper()}{field[1:]}Input!"
    return f"mutation Simulate($input: {input_type}) {{ {field}(input: $input) {{ {selection} }} }}"


def _query(field: str, selection: str, arguments: str = "") -> str:
    return f"query Simulate($filter: SessionFilter) {{ {field}(filter: $filter{arguments}) {{ {selection} }} }}"


DOCUMENTS: Final = {
    "startSession": _mutation("startSession", f"created {_OPEN}"),
    "keepaliveSession": _mutation("keepaliveSession", _OPEN),
    "keepaliveSessions": _mutation("keepaliveSessions", f"results {{ {_OPEN} }} problems {{ code message path }}"),
    "trackMedia": _mutation("trackMedia", _OPEN),
    "saveFieldData": _mutation("saveFieldData"),
    "hideSession": _mutation("hideSession", _OPEN),
    "stopSession": _mutation("stopSession"),
    "terminateSession": _mutation("terminateSession"),
    "sessions": _query(
        "sessions", f"nodes {{ {_LISTED} }} pageInfo {{ hasNextPage endCursor }} totalCount", ", first: 50"
    ),
    "sessionStats": _query("sessionStats", _STATS),
    "activities": _query("activities", "edges { cursor node { id type at sessionId data } }", ", last: 50"),
}
"""The document of each operation that visits send, by its root field."""


Send: TypeAlias = Callable[["Visit", str, dict[str, Any]], Awaitable[Response]]
"""Sends the operation of a root field with variables."""


class VisitOver(Exception):
    """A visit cannot go on: its session could not be started, or ended unexpectedly."""


@dataclass
class Visit:
    """The context of one visitor, handed to its plan."""

    kind: Kind | None
    """Kind of the sessions that it starts; None: it only reads."""
    rng: Random
    send: Send
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def timestamp(self, offset: float = 0.0) -> str:
        """Now plus `offset` seconds, as RFC 3339 text with milliseconds."""
        moment = self.now() + timedelta(seconds=offset)
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def unique_text(self) -> str:
        """A text that no other run produces, even with the same seed."""
        return f"{self.rng.getrandbits(64):016x}-{int(self.now().timestamp() * 1000):x}"

    def chance(self, probability: float) -> bool:
        return self.rng.random() < probability

    async def wait(self, shortest: float, longest: float | None = None) -> float:
        seconds = shortest if longest is None else round(self.rng.uniform(shortest, longest), 3)
        await self.sleep(seconds)
        return seconds

    async def start(self, fields: dict[str, Any], **common: Any) -> str:
        """Start a session of the visit's kind, and return its id. Raises VisitOver."""
        assert self.kind is not None, "only visits with a kind start sessions"
        payload = await self.call("startSession", **common, variant={self.kind.lower(): fields})
        if payload is None or payload["session"] is None:
            raise VisitOver
        session: str = payload["session"]["id"]
        return session

    async def call(self, field: str, *, may_be_ended: bool = False, **fields: Any) -> Any:
        """Send a mutation and return its payload. Raises VisitOver if the session has ended unexpectedly."""
        response = await self.send(self, field, {"input": fields})
        if ProblemCode.SESSION_ENDED in response.codes and not may_be_ended:
            raise VisitOver
        return response.value
