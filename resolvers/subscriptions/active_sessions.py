"""The live set: what goes on now, and every change of it."""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from typing import Any, Final

from pydantic.alias_generators import to_camel

from models.clock import Instant
from models.enums import ActivityType, Scope, SetChange, State
from models.tables.session import Session
from resolvers.access import require
from resolvers.context import Context
from resolvers.errors import BadUserInput
from resolvers.feed import queries, resume
from resolvers.feed.messages import Change, Item, Joined, Resync, Snapshot, at_entry
from resolvers.feed.queries import PART, Missed, Since, Stretch
from resolvers.feed.resume import Given, Place
from resolvers.feed.scope import Chosen
from resolvers.filters import Filter
from resolvers.pagination.page import bounded
from resolvers.subscriptions.live_query import LiveSet, Manner
from resolvers.subscriptions.snapshot_window import Sent
from resolvers.subscriptions.source import Source

MOST: Final = 10_000
"""Sessions in a snapshot."""
MAX_INTERVAL: Final = 60_000

_REFUSED: Final = ("seen_after", "seen_before", "stopped_after", "stopped_before", "end_reasons")
"""What changes without an entry in the log, or asks for what has ended."""


def active_sessions(
    context: Context,
    *,
    filter: Mapping[str, Any],  # noqa: A002 - the word of the schema
    after: str | None,
    min_interval_ms: int,
    heartbeats: bool,
) -> "ActiveSessions":
    """Subscribe to the sessions that go on and match a filter.

    Args:
        context: who asks.
        filter: as `resolvers.filters.Filter.parse` takes it; nothing about the past.
        after: the last cursor that the client saw, to go on from; null: begin with a snapshot.
        min_interval_ms: 0 to 60,000; after a change has been told, others wait as long and are told together.
        heartbeats: whether to tell also of sessions that were only heard, each at most once in `min_interval_ms`,
            and in a second.

    Raises:
        Forbidden: the caller lacks READ, and names no ids (with WRITE those that it knows may be watched).
        BadUserInput: the filter, the interval or the cursor is not allowed.
    """
    require_watching(context, filter)
    chosen = _live(filter)
    manner = Manner(bounded("minIntervalMs", min_interval_ms, 0, MAX_INTERVAL), heartbeats)
    return ActiveSessions(context, chosen, manner, None if after is None else resume.parse(after))


def require_watching(context: Context, filter: Mapping[str, Any]) -> None:  # noqa: A002 - the word of the schema
    """Refuse a caller who may not list, unless the filter names ids: to know one is enough to watch it.

    Raises:
        Forbidden: with the scopes that would do.
    """
    watches = filter.get("ids") is not None
    require(context.caller, Scope.READ, *((Scope.WRITE,) if watches else ()))


def _live(given: Mapping[str, Any]) -> Filter:
    """The filter as it is asked of sessions: also that they go on. Filters that say the same become equal."""
    values = {name: value for name, value in given.items() if value is not None}
    if refused := [to_camel(name) for name in _REFUSED if name in values]:
        raise BadUserInput(f"activeSessions takes no filter {', '.join(refused)}")
    if values.pop("active", True) is False:
        raise BadUserInput("activeSessions takes no filter active: false")
    states = values.pop("states", [State.ACTIVE])
    if any(state != State.ACTIVE for state in states):
        raise BadUserInput("activeSessions takes no states but ACTIVE")
    return Filter.parse({**values, "active": True} | ({} if states else {"states": []}))


class ActiveSessions(Source):
    """The live set of one filter."""

    def __init__(self, context: Context, chosen: Filter, manner: Manner, after: Given | None) -> None:
        super().__init__(context, chosen.fingerprint, manner)
        self._chosen = Chosen(self.viewer, chosen)
        self._fingerprint = self._chosen.fingerprint
        self._manner = manner
        self._after = after

    def follower(self) -> LiveSet:
        return LiveSet(self.feed, self._chosen, self._manner)

    async def open(self, after: str | None) -> AsyncIterator[Item | Joined]:
        given = self._after if after is None else resume.parse(after)
        gap = None if given is None else await self._gap(given)
        beginning = self._snapshot(gap) if given is None or gap is not None else self._resumed(given)
        async with aclosing(beginning):
            async for each in beginning:
                yield each

    async def _gap(self, given: Given) -> str | None:
        """Why a stream can't go on from there; null where it can."""
        database_id, now = self.feed.database.identity, await self.feed.now()
        fault = given.fault(database_id=database_id, set_=self._fingerprint, now=now)
        if fault is None and await self.feed.is_ahead(given.position):
            return resume.AHEAD
        return fault

    # ---- a snapshot ----

    async def _snapshot(self, gap: str | None) -> AsyncGenerator[Item | Joined]:
        """The set as it is now, in parts; before them, where there is a `gap`, the reason."""
        with self.feed.beginning() as begun:
            now, (log_position, ids, rows, total) = await self.feed.read(queries.newest, self._chosen, MOST)
            begun(log_position)
        database_id, place = self.feed.database.identity, Place(log_position, now)
        of_part = resume.of_part(database_id, self._fingerprint, place)
        of_last = resume.of_set(database_id, self._fingerprint, place)
        position, truncated = at_entry(log_position), total > len(ids)
        if gap is not None:
            yield Item(Resync(gap, of_part), position, of_part)
        sent = Sent() if truncated else None
        parts = list(queries.cut(ids, PART)) or [[]]
        for number, part in enumerate(parts, start=1):
            if number > 1:  # only now: a client may take its time for the part before
                rows = await self._rows(part, now)
            if sent is not None:
                sent.note(rows)
            last = number == len(parts)
            cursor = of_last if last else of_part
            yield Item(Snapshot(rows, total, last, truncated, cursor), position, cursor)
        yield Joined(position, None if sent is None else sent.passes)

    async def _rows(self, ids: Sequence[str], now: Instant) -> list[Session]:
        """The sessions of a later part. Those that have left the set since it was taken are left out.

        Their rows may be newer than the snapshot; what made them so comes again behind it.
        """
        rows = await self.feed.database.read(queries.sessions, ids)
        return [rows[id_] for id_ in ids if id_ in rows and self._chosen.has(rows[id_], now)]

    # ---- going on ----

    async def _resumed(self, given: Given) -> AsyncGenerator[Item | Joined]:
        """Every session with entries behind the cursor, as it is now."""
        database_id = self.feed.database.identity
        now, page = await self._missed(given, Stretch(given.position))
        behind = Place(page.head, now)
        while True:
            for number, since in enumerate(page.sessions, start=1):
                position = since.entry.position or 0
                # Entries before the end are as old as the cursor may be: so is a place among them.
                last = page.complete and number == len(page.sessions)
                place = behind if last else Place(position, given.time or 0)
                cursor = resume.of_set(database_id, self._fingerprint, place)
                yield Item(self._change(since, now, cursor), at_entry(position), cursor)
            if page.complete:
                break
            now, page = await self._missed(given, Stretch(page.sessions[-1].entry.position or 0, page.head))
        yield Joined(at_entry(page.head), cursor=resume.of_set(database_id, self._fingerprint, behind))

    async def _missed(self, given: Given, stretch: Stretch) -> tuple[Instant, Missed]:
        with self.feed.beginning() as begun:
            now, page = await self.feed.read(queries.missed, self._chosen, given.position, stretch)
            begun(page.seen)
        return now, page

    def _change(self, since: Since, now: Instant, cursor: str) -> Change:
        entry, s = since.entry, since.session
        change = SetChange.REMOVED
        if s is not None and self._chosen.has(s, now):
            change = SetChange.UPDATED if since.known else SetChange.ADDED
        return Change(change, entry.session_id, s, ActivityType(entry.type), entry.at, cursor)
