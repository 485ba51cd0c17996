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
from resolvers.feed.messages import CaughtUp, Change, FeedItem, Resync, Snapshot, order_at
from resolvers.feed.queries import PAGE_SIZE, ChangedSession, LogRange, MissedChanges
from resolvers.feed.resume import LogPosition, ResumeToken
from resolvers.feed.scope import SessionScope
from resolvers.filters import Filter
from resolvers.pagination.keyset import check_bounds
from resolvers.subscriptions.live_query import DeliveryOptions, LiveQuery
from resolvers.subscriptions.snapshot_window import SnapshotWindow
from resolvers.subscriptions.source import Source

MAX_SNAPSHOT: Final = 10_000
"""Sessions in a snapshot."""
MAX_INTERVAL_MS: Final = 60_000

_UNSUPPORTED_FILTERS: Final = ("seen_after", "seen_before", "stopped_after", "stopped_before", "end_reasons")
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
    require_subscribe(context, filter)
    session_filter = _active_filter(filter)
    options = DeliveryOptions(check_bounds("minIntervalMs", min_interval_ms, 0, MAX_INTERVAL_MS), heartbeats)
    return ActiveSessions(context, session_filter, options, None if after is None else resume.parse(after))


def require_subscribe(context: Context, filter: Mapping[str, Any]) -> None:  # noqa: A002 - the word of the schema
    """Refuse a caller who may not list, unless the filter names ids: to know one is enough to watch it.

    Raises:
        Forbidden: with the scopes that would do.
    """
    names_ids = filter.get("ids") is not None
    require(context.caller, Scope.READ, *((Scope.WRITE,) if names_ids else ()))


def _active_filter(filter_input: Mapping[str, Any]) -> Filter:
    """The filter as it is asked of sessions: also that they go on. Filters that say the same become equal."""
    values = {name: value for name, value in filter_input.items() if value is not None}
    if unsupported := [to_camel(name) for name in _UNSUPPORTED_FILTERS if name in values]:
        raise BadUserInput(f"activeSessions takes no filter {', '.join(unsupported)}")
    if values.pop("active", True) is False:
        raise BadUserInput("activeSessions takes no filter active: false")
    states = values.pop("states", [State.ACTIVE])
    if any(state != State.ACTIVE for state in states):
        raise BadUserInput("activeSessions takes no states but ACTIVE")
    return Filter.parse({**values, "active": True} | ({} if states else {"states": []}))


class ActiveSessions(Source):
    """The live set of one filter."""

    def __init__(
        self, context: Context, session_filter: Filter, options: DeliveryOptions, after: ResumeToken | None
    ) -> None:
        super().__init__(context, session_filter.fingerprint, options)
        self._scope = SessionScope(self.caller, session_filter)
        self._fingerprint = self._scope.fingerprint
        self._options = options
        self._after = after

    def consumer(self) -> LiveQuery:
        return LiveQuery(self.log_reader, self._scope, self._options)

    async def open(self, after: str | None) -> AsyncIterator[FeedItem | CaughtUp]:
        token = self._after if after is None else resume.parse(after)
        rejection = None if token is None else await self._resume_rejection(token)
        catch_up = self._snapshot(rejection) if token is None or rejection is not None else self._changes_since(token)
        async with aclosing(catch_up):
            async for item in catch_up:
                yield item

    async def _resume_rejection(self, token: ResumeToken) -> str | None:
        """Why a stream can't go on from there; null where it can."""
        database_id, now = self.log_reader.database.database_id, await self.log_reader.now()
        rejection = token.rejection(database_id=database_id, fingerprint=self._fingerprint, now=now)
        if rejection is None and await self.log_reader.is_beyond_log(token.position):
            return resume.BEYOND_LOG
        return rejection

    # ---- a snapshot ----

    async def _snapshot(self, resync_reason: str | None) -> AsyncGenerator[FeedItem | CaughtUp]:
        """The set as it is now, in parts; before them, where there is a `gap`, the reason."""
        with self.log_reader.snapshotting() as on_snapshot:
            now, (log_position, ids, rows, total) = await self.log_reader.read(
                queries.snapshot, self._scope, MAX_SNAPSHOT
            )
            on_snapshot(log_position)
        database_id, point = self.log_reader.database.database_id, LogPosition(log_position, now)
        partial_token = resume.partial_token(database_id, self._fingerprint, point)
        set_token = resume.set_token(database_id, self._fingerprint, point)
        position, truncated = order_at(log_position), total > len(ids)
        if resync_reason is not None:
            yield FeedItem(Resync(resync_reason, partial_token), position, partial_token)
        window = SnapshotWindow() if truncated else None
        pages = list(queries.batched(ids, PAGE_SIZE)) or [[]]
        for number, page in enumerate(pages, start=1):
            if number > 1:  # only now: a client may take its time for the part before
                rows = await self._page_rows(page, now)
            if window is not None:
                window.add(rows)
            last = number == len(pages)
            cursor = set_token if last else partial_token
            yield FeedItem(Snapshot(rows, total, last, truncated, cursor), position, cursor)
        yield CaughtUp(position, None if window is None else window.accepts)

    async def _page_rows(self, ids: Sequence[str], now: Instant) -> list[Session]:
        """The sessions of a later part. Those that have left the set since it was taken are left out.

        Their rows may be newer than the snapshot; what made them so comes again behind it.
        """
        rows = await self.log_reader.database.read(queries.sessions_by_id, ids)
        return [rows[id_] for id_ in ids if id_ in rows and self._scope.contains(rows[id_], now)]

    # ---- going on ----

    async def _changes_since(self, token: ResumeToken) -> AsyncGenerator[FeedItem | CaughtUp]:
        """Every session with entries behind the cursor, as it is now."""
        database_id = self.log_reader.database.database_id
        now, page = await self._read_missed(token, LogRange(token.position))
        end = LogPosition(page.until, now)
        while True:
            for number, changed in enumerate(page.sessions, start=1):
                position = changed.entry.position or 0
                # Entries before the end are as old as the cursor may be: so is a place among them.
                last = page.complete and number == len(page.sessions)
                point = end if last else LogPosition(position, token.time or 0)
                cursor = resume.set_token(database_id, self._fingerprint, point)
                yield FeedItem(self._change(changed, now, cursor), order_at(position), cursor)
            if page.complete:
                break
            now, page = await self._read_missed(token, LogRange(page.sessions[-1].entry.position or 0, page.until))
        yield CaughtUp(order_at(page.until), cursor=resume.set_token(database_id, self._fingerprint, end))

    async def _read_missed(self, token: ResumeToken, log_range: LogRange) -> tuple[Instant, MissedChanges]:
        with self.log_reader.snapshotting() as on_snapshot:
            now, page = await self.log_reader.read(queries.missed_changes, self._scope, token.position, log_range)
            on_snapshot(page.log_head)
        return now, page

    def _change(self, changed: ChangedSession, now: Instant, cursor: str) -> Change:
        entry, s = changed.entry, changed.session
        change = SetChange.REMOVED
        if s is not None and self._scope.contains(s, now):
            change = SetChange.UPDATED if changed.existed_before else SetChange.ADDED
        return Change(change, entry.session_id, s, ActivityType(entry.type), entry.at, cursor)
