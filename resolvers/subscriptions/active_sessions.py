"""Subscription `activeSessions`: a snapshot of the active sessions of a filter, then every change."""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing
from typing import Any, ClassVar, Final

from pydantic.alias_generators import to_camel

from models.clock import Instant
from models.enums import ActivityType, Scope, SetChange, State
from resolvers.access import require
from resolvers.context import Context
from resolvers.errors import BadUserInput
from resolvers.feed import queries, resume
from resolvers.feed.messages import CaughtUp, Change, FeedItem, Resync
from resolvers.feed.queries import ChangedSession, LogRange, SessionScope
from resolvers.feed.resume import LogPosition, ResumeToken
from resolvers.feed.snapshots import SharedSnapshot
from resolvers.filters import Filter
from resolvers.pagination.keyset import check_bounds
from resolvers.subscriptions.live_query import DeliveryOptions, LiveQuery
from resolvers.subscriptions.source import Source

MAX_INTERVAL_MS: Final = 60_000

_UNSUPPORTED_FILTERS: Final = ("seen_after", "seen_before", "stopped_after", "stopped_before", "end_reasons")
"""Filters whose result changes without an entry in the log, or that match only ended sessions."""


def active_sessions(
    context: Context,
    *,
    filter: Mapping[str, Any],  # noqa: A002 - name of the argument in the schema
    after: str | None,
    min_interval_ms: int,
    heartbeats: bool,
) -> "ActiveSessions":
    """Subscribe to the active sessions that match a filter.

    Args:
        filter: see `Filter.parse`; nothing about ended sessions.
        after: cursor to resume from; null: start with a snapshot.
        min_interval_ms: shortest interval between two bundles of changes, 0 to 60,000.
        heartbeats: whether to send heartbeats that change nothing else, for each session at most one per
            `min_interval_ms` and second.

    Raises:
        Forbidden: the caller lacks READ, and also WRITE or ids in the filter.
        BadUserInput: the filter, the interval or the cursor is not allowed.
    """
    require_subscribe(context, filter)
    session_filter = _active_filter(filter)
    options = DeliveryOptions(check_bounds("minIntervalMs", min_interval_ms, 0, MAX_INTERVAL_MS), heartbeats)
    return ActiveSessions(context, session_filter, options, None if after is None else resume.parse(after))


def require_subscribe(context: Context, filter: Mapping[str, Any]) -> None:  # noqa: A002 - name of the argument in the schema
    """Require READ, or WRITE where the filter names ids: an id is unguessable, so knowing it permits watching it."""
    names_ids = filter.get("ids") is not None
    require(context.caller, Scope.READ, *((Scope.WRITE,) if names_ids else ()))


def _active_filter(filter_input: Mapping[str, Any]) -> Filter:
    """Parse the filter, restricted to active sessions. Equivalent inputs give equal filters."""
    values = {name: value for name, value in filter_input.items() if value is not None}
    if unsupported := [to_camel(name) for name in _UNSUPPORTED_FILTERS if name in values]:
        raise BadUserInput("must not be set: the set has active sessions only", ("filter", unsupported[0]))
    if values.pop("active", True) is False:
        raise BadUserInput("must be true or not set, not false: the set has active sessions only", ("filter", "active"))
    states = values.pop("states", [State.ACTIVE])
    if any(state != State.ACTIVE for state in states):
        raise BadUserInput("must be ACTIVE only: the set has active sessions only", ("filter", "states"))
    return Filter.parse({**values, "active": True} | ({} if states else {"states": []}))


class ActiveSessions(Source):
    item_arguments: ClassVar[frozenset[str]] = frozenset({"after", "filter", "minIntervalMs", "heartbeats"})

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
        rejection = None if token is None else await self.log_reader.resume_rejection(token, self._fingerprint)
        catch_up = self._snapshot(rejection) if token is None or rejection else self._changes_since(token)
        async with aclosing(catch_up):
            async for item in catch_up:
                yield item

    # ---- snapshot ----

    async def _snapshot(self, resync_reason: str | None) -> AsyncGenerator[FeedItem | CaughtUp]:
        """Yield the set as it is now, part by part, after a resync if there is a reason for one.

        Raises:
            BadUserInput: the set is too large.
        """
        partial = self._token(LogPosition(-1, await self.log_reader.now()))
        if resync_reason is not None:
            yield FeedItem(Resync(resync_reason, partial), 0, partial)
        now, start = await self.log_reader.read(queries.snapshot, self._scope)
        complete = self._token(LogPosition(start.position, now))
        snapshot = SharedSnapshot(
            self.log_reader.database, self.log_reader.now, self._scope, now, start, partial, complete
        )
        if start.others:
            snapshot = self.log_reader.snapshots.setdefault((self._fingerprint, start.position), snapshot)
        for number in range(snapshot.part_count):
            event = await snapshot.part(number)
            yield FeedItem(event.payload, start.position, event.payload.cursor, event)
        yield CaughtUp(start.position)

    # ---- resume ----

    async def _changes_since(self, token: ResumeToken) -> AsyncGenerator[FeedItem | CaughtUp]:
        """Yield every session with entries after the cursor, as it is now."""
        log_range = LogRange(token.position)
        end: LogPosition | None = None
        while True:
            now, page = await self.log_reader.read(queries.missed_changes, self._scope, token.position, log_range)
            end = end or LogPosition(page.until, now)
            for number, changed in enumerate(page.sessions, start=1):
                position = changed.entry.position or 0
                # Before the end the age is that of the client's token: tombstones may expire in the meantime.
                is_last = page.complete and number == len(page.sessions)
                cursor = self._token(end if is_last else LogPosition(position, token.time or 0))
                yield FeedItem(self._change(changed, now, cursor), position, cursor)
            if page.complete:
                break
            log_range = LogRange(page.sessions[-1].entry.position or 0, page.until)
        yield CaughtUp(end.position, cursor=self._token(end))

    def _change(self, changed: ChangedSession, now: Instant, cursor: str) -> Change:
        entry, s = changed.entry, changed.session
        change = SetChange.REMOVED
        if s is not None and self._scope.contains(s, now):
            change = SetChange.UPDATED if changed.existed_before else SetChange.ADDED
        return Change(change, entry.session_id, s, ActivityType(entry.type), entry.at, cursor)

    def _token(self, point: LogPosition) -> str:
        return resume.set_token(self.log_reader.database.database_id, self._fingerprint, point)
