"""Snapshots of sets. Streams that begin together share one: the rows of each part are read and executed once."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from models.clock import Instant
from models.database import Database
from models.tables.rows import Session
from resolvers.feed import queries
from resolvers.feed.messages import BatchRows, Event, Snapshot
from resolvers.feed.queries import SessionScope, SnapshotStart
from resolvers.queries import read_by_id

RECENT_PARTS: Final = 4
"""Parts that are kept for streams a little behind."""


@dataclass(eq=False)
class SharedSnapshot:
    """A set as it was at one position of the log: its ids are held, its rows are read part by part.

    Rows are read late, as clients may take their time over each part. So they may be newer than the position, and
    sessions that have left the set since are left out; the changes that made them so follow as items.
    """

    database: Database
    clock: Callable[[], Awaitable[Instant]]
    scope: SessionScope
    read_at: Instant
    start: SnapshotStart
    inner_cursor: str
    """Of all parts but the last."""
    last_cursor: str
    _recent: dict[int, Event] = field(default_factory=dict)
    _reading: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def part_count(self) -> int:
        return 1 - (-len(self.start.others) // queries.SNAPSHOT_PART_SIZE)

    async def part(self, number: int) -> Event:
        """Return the event of a part, from 0 on."""
        async with self._reading:
            event = self._recent.get(number)
            if event is None:
                event = self._recent[number] = await self._read(number)
                if len(self._recent) > RECENT_PARTS:
                    del self._recent[next(iter(self._recent))]
            return event

    async def _read(self, number: int) -> Event:
        now, sessions = self.read_at, self.start.sessions
        if number > 0:
            ids = self.start.others.batch(number - 1, queries.SNAPSHOT_PART_SIZE)
            now = await self.clock()
            rows = await self.database.read(read_by_id, self.scope.caller, ids, Session)
            sessions = [row for row in rows if row is not None and self.scope.contains(row, now)]
        is_last = number == self.part_count - 1
        total = len(self.start.sessions) + len(self.start.others)
        cursor = self.last_cursor if is_last else self.inner_cursor
        payload = Snapshot(sessions, total, number == 0, is_last, cursor)
        return Event(payload, BatchRows(now, {s.id: s for s in sessions}), placeholder=None)
