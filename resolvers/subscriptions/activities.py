"""The log as it happens: every entry of the sessions that are chosen, once and in order."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Final

from models.tables.activity import Activity
from resolvers.activities.queries import plain_types
from resolvers.context import Context
from resolvers.feed import queries, resume
from resolvers.feed.batch import Batch
from resolvers.feed.consumer import Follower
from resolvers.feed.log_reader import Feed
from resolvers.feed.messages import Item, Joined, Resync, at_entry
from resolvers.feed.queries import Stretch
from resolvers.feed.resume import Given, Place
from resolvers.feed.scope import Chosen, ChosenEntries
from resolvers.filters import Filter
from resolvers.subscriptions.active_sessions import require_watching
from resolvers.subscriptions.source import Source

WAITING: Final = 1000
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
    require_watching(context, filter)
    given = None if after is None else resume.parse(after)
    return SessionActivities(context, Filter.parse(filter), plain_types(types), given)


class SessionActivities(Source):
    """The entries of the log about the sessions of one filter."""

    def __init__(self, context: Context, sessions: Filter, types: Sequence[str] | None, after: Given | None) -> None:
        wanted = None if types is None else frozenset(types)
        super().__init__(context, sessions.fingerprint, wanted)
        self._chosen = ChosenEntries(Chosen(self.viewer, sessions), wanted)
        self._after = after

    def follower(self) -> "Log":
        return Log(self.feed, self._chosen)

    async def open(self, after: str | None) -> AsyncIterator[Item | Joined]:
        given = self._after if after is None else resume.parse(after)
        head = await self.feed.database.read(queries.head)
        gap = None if given is None else await self._gap(given)
        database_id = self.feed.database.identity
        cursor = resume.of_set(database_id, "", Place(head, await self.feed.now()))
        if gap is not None:
            yield Item(Resync(gap, cursor), at_entry(head), cursor)
        if given is None or gap is not None:
            yield Joined(at_entry(head), cursor=cursor)
            return
        stretch = Stretch(given.position)
        while True:
            _, page = await self.feed.read(queries.entries, self._chosen, stretch)
            for entry in page.entries:
                yield _item(entry, database_id)
            if page.complete:
                break
            stretch = Stretch(_position(page.entries[-1]), page.head)
        yield Joined(at_entry(page.head), cursor=resume.of_log(database_id, page.head))

    async def _gap(self, given: Given) -> str | None:
        """Why a stream can't go on from there; null where it can."""
        now = await self.feed.now()
        fault = given.fault(database_id=self.feed.database.identity, set_=None, now=now)
        if fault is not None or await self.feed.is_ahead(given.position):
            return fault or resume.AHEAD
        # The cursor of an activity bears no time.
        recent = given.time is not None or await self.feed.database.read(
            queries.is_recent, given.position, now - resume.KEPT
        )
        return None if recent else resume.TOO_OLD


class Log(Follower):
    """A group that follows the log."""

    def __init__(self, feed: Feed, chosen: ChosenEntries) -> None:
        super().__init__(feed)
        self._chosen = chosen
        self._database_id = ""
        self._told = 0
        """Everything up to there was told, or need not be."""
        self._seen = 0
        """Where the last batch ended."""
        self._is_behind = False
        """Whether there was too much to wait: the log itself has to be read from `_told` on."""

    async def locate(self) -> None:
        self._database_id = self.feed.database.identity
        self._told = await self.feed.database.read(queries.head)

    def tell(self, batch: Batch) -> None:
        self._seen = batch.position
        self._is_behind = self._is_behind or self.waiting >= WAITING
        if self._is_behind or batch.position <= self._told:
            return
        rows, now = batch.rows, batch.now
        new = (entry for entry in batch.entries if _position(entry) > self._told)
        chosen = (entry for entry in new if self._chosen.has(entry, rows.get(entry.session_id), now))
        self.give([_item(entry, self._database_id) for entry in chosen])
        self._told = batch.position

    async def rest(self) -> None:
        while self._is_behind and not self.waiting:
            _, page = await self.feed.read(queries.entries, self._chosen, Stretch(self._told))
            self.give(_item(entry, self._database_id) for entry in page.entries)
            self._told = page.head if page.complete else _position(page.entries[-1])
            # The next batch then begins no later than what is told already.
            self._is_behind = not page.complete or self._seen > self._told


def _item(entry: Activity, database_id: str) -> Item:
    position = _position(entry)
    return Item(entry, at_entry(position), resume.of_log(database_id, position))


def _position(entry: Activity) -> int:
    assert entry.position is not None
    return entry.position
