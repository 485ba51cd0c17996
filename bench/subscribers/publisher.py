"""Makes the changes that watchers are told of: sessions move from page to page.

The page that a session moves to is named after the moment, so each is new, and whoever sees it knows how old it is.
"""

import re
from collections.abc import Sequence
from time import perf_counter
from typing import Final

from bench.http_client import Caller
from bench.load_generator import LoadFailed

DOCUMENT: Final = """mutation Move($id: ID!, $path: [String!]) {
  keepaliveSession(input: {id: $id, path: $path}) { session { id } problems { code } }
}"""
_MARK: Final = re.compile(rb'"at-(\d+)"')


def page(at: float) -> str:
    """The name of the page for a moment of `perf_counter`, which all processes of a machine share."""
    return f"at-{at * 1e9:.0f}"


def age(received: bytes, start: int, end: int, now: float) -> float:
    """How many seconds before `now` the moment was that a message tells of. Raises LoadFailed."""
    mark = _MARK.search(received, start, end)
    if mark is None:
        raise LoadFailed(f"a result does not say of what: {received[start:end][:500]!r}")
    return now - int(mark[1]) / 1e9


class Feeder:
    """Moves one session after the other."""

    def __init__(self, port: int, sessions: Sequence[str]) -> None:
        self._caller = Caller(port)
        self._sessions = sessions
        self._moved = 0

    async def move(self, at: float | None = None) -> None:
        """Move the next session, as of now or of another moment. Raises LoadFailed; Refused where the server
        does not."""
        session = self._sessions[self._moved % len(self._sessions)]
        self._moved += 1
        await self._caller.ask(DOCUMENT, {"id": session, "path": [page(perf_counter() if at is None else at)]})

    def close(self) -> None:
        """Hang up."""
        self._caller.close()
