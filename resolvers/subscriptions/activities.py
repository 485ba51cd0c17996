"""The log as it happens: every entry of the sessions that are chosen, once and in order."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Final

from models.tables.activity import Activity
from resolvers.activities.queries import normalize_types
from resolvers.context import Context
from resolvers.feed import queries, resume
from resolvers.feed.batch import LogBatch
from resolvers.feed.consumer import LogConsumer
from resolvers.feed.log_reader import LogReader
from resolvers.feed.messages import CaughtUp, FeedItem, Resync, order_at
from resolvers.feed.queries import LogRange
from resolvers.feed.resume import LogPosition, ResumeToken
from resolvers.feed.scope import ActivityScope, SessionScope
from resolvers.filters import Filter
from resolvers.subscriptions.active_sessions import require_subscribe
from resolvers.subscriptions.source import Source

MAX_PENDING: Final = 1000
"""Entries that wait to be taken; what comes on top is read from the log again when these are gone."""


def session_activities(
    context: Context,
    *,
    filter: Mapping[str, Any],  # noqa: A002 - the word of the schema
    types: Sequence[str] | None,
    after: str | None,
) -> "SessionActivities":
    """Subscribe to the log.

    Args:
        context: who asks.
        filter: as `resolvers.filters.Filter.parse` takes it; it is asked of each session as it is when it is told of.
            Where it names only ids, kinds and projects it is asked of the log itself, and finds also what that says of
            sessions that are gone (REPLACED, DELETED).
        types: of these types only; null: of all.
        after: the cursor of an activity, to go on behind it; null: begin with what happens from now on.

    Raises:
        Forbidden: the caller lacks READ, and names no ids (with WRITE those that it knows may be watched).
        BadUserInput: the filter or the cursor is not allowed.
    """
    require_subscribe(context, filter)
    token = None if after is None else resume.parse(after)
    return SessionActivities(context, Filter.parse(filter), normalize_types(types), token)


class SessionActivities(Source):
    """The entries of the log about the sessions of one filter."""

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
        head = await self.log_reader.database.read(queries.head)
        rejection = None if token is None else await self._resume_rejection(token)
        database_id = self.log_reader.database.database_id
        cursor = resume.set_token(database_id, "", LogPosition(head, await self.log_reader.now()))
        if rejection is not None:
            yield FeedItem(Resync(rejection, cursor), order_at(head), cursor)
        if token is None or rejection is not None:
            yield CaughtUp(order_at(head), cursor=cursor)
            return
        log_range = LogRange(token.position)
        while True:
            _, page = await self.log_reader.read(queries.log_page, self._scope, log_range)
            for entry in page.entries:
                yield _activity_item(entry, database_id)
            if page.complete:
                break
            log_range = LogRange(_position(page.entries[-1]), page.until)
        yield CaughtUp(order_at(page.until), cursor=resume.log_token(database_id, page.until))

    async def _resume_rejection(self, token: ResumeToken) -> str | None:
        """Why a stream can't go on from there; null where it can."""
        now = await self.log_reader.now()
        rejection = token.rejection(database_id=self.log_reader.database.database_id, fingerprint=None, now=now)
        if rejection is not None or await self.log_reader.is_beyond_log(token.position):
            return rejection or resume.BEYOND_LOG
        # The cursor of an activity bears no time.
        is_recent = token.time is not None or await self.log_reader.database.read(
            queries.is_recent, token.position, now - resume.TOKEN_TTL
        )
        return None if is_recent else resume.TOO_OLD


class ActivityConsumer(LogConsumer):
    """A group that follows the log."""

    def __init__(self, log_reader: LogReader, scope: ActivityScope) -> None:
        super().__init__(log_reader)
        self._scope = scope
        self._database_id = ""
        self._delivered = 0
        """Everything up to there was told, or need not be."""
        self._batch_end = 0
        """Where the last batch ended."""
        self._is_lagging = False
        """Whether there was too much to wait: the log itself has to be read from `_told` on."""

    async def seek(self) -> None:
        self._database_id = self.feed.database.database_id
        self._delivered = await self.feed.database.read(queries.head)

    def produce(self, batch: LogBatch) -> None:
        self._batch_end = batch.position
        self._is_lagging = self._is_lagging or self.queued >= MAX_PENDING
        if self._is_lagging or batch.position <= self._delivered:
            return
        rows, now = batch.rows, batch.now
        new = (entry for entry in batch.entries if _position(entry) > self._delivered)
        matching = (entry for entry in new if self._scope.contains(entry, rows.get(entry.session_id), now))
        self.enqueue([_activity_item(entry, self._database_id) for entry in matching])
        self._delivered = batch.position

    async def on_drained(self) -> None:
        while self._is_lagging and not self.queued:
            _, page = await self.feed.read(queries.log_page, self._scope, LogRange(self._delivered))
            self.enqueue(_activity_item(entry, self._database_id) for entry in page.entries)
            self._delivered = page.until if page.complete else _position(page.entries[-1])
            # The next batch then begins no later than what is told already.
            self._is_lagging = not page.complete or self._batch_end > self._delivered


def _activity_item(entry: Activity, database_id: str) -> FeedItem:
    position = _position(entry)
    return FeedItem(entry, order_at(position), resume.log_token(database_id, position))


def _position(entry: Activity) -> int:
    assert entry.position is not None
    return entry.position
