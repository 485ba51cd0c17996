"""Makes the changes that watchers are told of: sessions move from page to page.

The page that a session moves to is named after the moment, so each is new, and whoever sees it knows how old it is.
"""

import re
from collections.abc import Sequence
from time import perf_counter
from typing import Final

from bench.http_client import HttpClient
from bench.load_generator import LoadFailed

MOVE_MUTATION: Final = """mutation Move($id: ID!, $path: [String!]) {
  keepaliveSession(input: {id: $id, path: $path}) { session { id } problems { code } }
}"""
_TIMESTAMP: Final = re.compile(rb'"at-(\d+)"')


def timestamp_path(at: float) -> str:
    """The name of the page for a moment of `perf_counter`, which all processes of a machine share."""
    return f"at-{at * 1e9:.0f}"


def delivery_latency(received: bytes, start: int, end: int, now: float) -> float:
    """How many seconds before `now` the moment was that a message tells of. Raises LoadFailed."""
    timestamp = _TIMESTAMP.search(received, start, end)
    if timestamp is None:
        raise LoadFailed(f"a result does not say of what: {received[start:end][:500]!r}")
    return now - int(timestamp[1]) / 1e9


class Publisher:
    """Moves one session after the other."""

    def __init__(self, port: int, sessions: Sequence[str]) -> None:
        self._client = HttpClient(port)
        self._sessions = sessions
        self._published = 0

    async def publish(self, at: float | None = None) -> None:
        """Move the next session, as of now or of another moment. Raises LoadFailed; Refused where the server
        does not."""
        session = self._sessions[self._published % len(self._sessions)]
        self._published += 1
        await self._client.execute(
            MOVE_MUTATION, {"id": session, "path": [timestamp_path(perf_counter() if at is None else at)]}
        )

    def close(self) -> None:
        """Hang up."""
        self._client.close()
