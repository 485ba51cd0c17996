"""Subscription `sessionActivities`: the log entries of the sessions of a filter, each once and in order."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import Any, ClassVar, Final

from models.clock import Instant
from models.tables.rows import Activity
from resolvers.activities.queries import normalize_types
from resolvers.context import Context
from resolvers.feed import queries, resume
from resolvers.feed.consumer import LogBatch, LogConsumer, log_position
from resolvers.feed.log_reader import LogReader
from resolvers.feed.messages import CaughtUp, FeedItem, Resync
from resolvers.feed.queries import ActivityScope, LogRange, SessionScope
from resolvers.feed.resume import LogPosition, ResumeToken
from resolvers.filters import Filter
from resolvers.subscriptions.active_sessions import require_subscribe
from resolvers.subscriptions.source import Source

MAX_PENDING: Final = 1000
"""Buffered entries; beyond, entries are read from the log again once the buffer is empty."""


def session_activities(
    context: Context,
    *,
    filter: Mapping[str, Any],  # noqa: A002 - name of the argument in the schema
    types: Sequence[str] | None,
    after: str | None,
) -> "SessionActivities":
    """Subscribe to the log.

    Args:
        filter: see `Filter.parse`; matched against each session as it is when its entry is sent. A filter of ids,
            kinds and projects alone is matched against the log, and finds entries of deleted sessions too.
        types: null: all.
        after: cursor of an activity to resume from; null: start with the next entry.

    Raises:
        Forbidden: the caller lacks READ, and also WRITE or ids in the filter.
        BadUserInput: the filter or the cursor is not allowed.
    """
    require_subscribe(context, filter)
    token = None if after is None else resume.parse(after)
    return SessionActivities(context, Filter.parse(filter), normalize_types(types), token)


class SessionActivities(Source):
    item_arguments: ClassVar[frozenset[str]] = frozenset({"after", "filter", "types"})

    def __init__(
        self, context: Context, session_filter: Filter, types: Sequence[str] | None, after: ResumeToken | None
    ) -> None:
        type_set = None if types is None else frozenset(types)
        super().__init__(context, session_filter.fingerprint, type_set)
        self._scope = ActivityScope(SessionScope(self.caller, session_filter), type_set)
        self._after = after

    def consumer(self) -> "ActivityConsumer":
        return ActivityConsumer(self.log_reader, self._scope)

    async def open(self, after: str | None) -> AsyncIterator[FeedItem | CaughtUp]:
        token = self._after if after is None else resume.parse(after)
        database_id = self.log_reader.database.database_id
        head = await self.log_reader.database.read(queries.head)
        rejection = None if token is None else await self.log_reader.resume_rejection(token, None)
        if token is None or rejection is not None:
            cursor = resume.set_token(database_id, "", LogPosition(head, await self.log_reader.now()))
            if rejection is not None:
                yield FeedItem(Resync(rejection, cursor), head, cursor)
            yield CaughtUp(head, cursor=cursor)
            return
        log_range = LogRange(token.position)
        while True:
            _, page = await self.log_reader.read(queries.log_page, self._scope, log_range)
            for entry in page.entries:
                yield _activity_item(entry, database_id)
            if page.complete:
                break
            log_range = LogRange(log_position(page.entries[-1]), page.until)
        yield CaughtUp(page.until, cursor=resume.log_token(database_id, page.until))


class ActivityConsumer(LogConsumer):
    def __init__(self, log_reader: LogReader, scope: ActivityScope) -> None:
        super().__init__(log_reader.wake)
        self._log_reader = log_reader
        self._scope = scope
        self.anchor = scope.sessions.anchor
        self._delivered = 0
        """Position through which all entries are enqueued."""
        self._batch_end = 0
        self._is_lagging = False
        """Whether the buffer was full, so that the log has to be read again from `_delivered` on."""

    async def seek(self) -> None:
        self._delivered = await self._log_reader.database.read(queries.head)

    @property
    def is_idle(self) -> bool:
        return self.anchor is not None and self.has_started and not self._is_lagging

    def skip_to(self, position: int, now: Instant) -> None:  # noqa: ARG002 - entries have no time here
        self._delivered = max(self._delivered, position)

    @property
    def backlog(self) -> int:
        return self.queued + (self._batch_end - self._delivered if self._is_lagging else 0)

    def produce(self, batch: LogBatch) -> None:
        self._batch_end = batch.position
        self._is_lagging = self._is_lagging or self.queued >= MAX_PENDING
        if self._is_lagging or batch.position <= self._delivered:
            return
        new = (entry for entry in batch.entries if log_position(entry) > self._delivered)
        found = [entry for entry in new if self._scope.contains(entry, batch.rows.get(entry.session_id), batch.now)]
        self._enqueue_entries(found, batch)
        self._delivered = batch.position

    async def on_drained(self) -> None:
        while self._is_lagging and not self.queued:
            _, page = await self._log_reader.read(queries.log_page, self._scope, LogRange(self._delivered))
            self._enqueue_entries(page.entries, None)
            self._delivered = page.until if page.complete else log_position(page.entries[-1])
            # Not lagging any more only if the next batch starts no later than this page ends.
            self._is_lagging = not page.complete or self._batch_end > self._delivered

    def _enqueue_entries(self, entries: Iterable[Activity], batch: LogBatch | None) -> None:
        self.enqueue([_activity_item(entry, self._log_reader.database.database_id, batch) for entry in entries])


def _activity_item(entry: Activity, database_id: str, batch: LogBatch | None = None) -> FeedItem:
    position = log_position(entry)
    cursor = resume.log_token(database_id, position)
    return FeedItem(entry, position, cursor, None if batch is None else batch.entry_event(entry))
