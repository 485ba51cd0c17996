"""The set of a group of subscribers: the ids it has, and what a change of the log means for it."""

from collections.abc import Collection, Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import islice
from typing import Final, NamedTuple

from models.clock import SECOND, Instant
from models.enums import ActivityType, SetChange
from models.tables.activity import Activity
from resolvers.feed import queries, resume
from resolvers.feed.batch import Batch
from resolvers.feed.consumer import Follower
from resolvers.feed.log_reader import Feed
from resolvers.feed.messages import Change, Item, at_entry, behind_entry
from resolvers.feed.resume import Place
from resolvers.feed.scope import Chosen
from resolvers.feed.throttle import Pace

FLUSH: Final = 500
"""Sessions that are told of at a time; the others wait until these are taken."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How a group wants to be told."""

    min_interval_ms: int
    heartbeats: bool


class _News(NamedTuple):
    """What has happened to a session that the group was not told yet."""

    position: int
    type: str
    at: Instant
    eventful: bool
    """Whether it may be more than one thing: in between the set may have been another."""


class LiveSet(Follower):
    """A group that follows a set. What happens to a session while it must not be told is told once, as it then is."""

    def __init__(self, feed: Feed, chosen: Chosen, manner: Manner) -> None:
        super().__init__(feed)
        self._chosen = chosen
        self._fingerprint = chosen.fingerprint
        self._only = chosen.filter.ids
        """The ids that its filter names: in a crowd that watch one session each, nobody looks at those of others."""
        self.hears = manner.heartbeats
        self._pace = Pace(manner.min_interval_ms / SECOND)
        self._beat_pace = Pace(max(manner.min_interval_ms, SECOND) / SECOND)
        self._database_id = ""
        self._ids: set[str] = set()
        self._begins = 0
        self._told = Place(0, 0)
        """Everything up to there was told, or need not be."""
        self._news: dict[str, _News] = {}
        """In the order of the log; all of it is behind `_told`."""
        self._heard: set[str] = set()
        """What was heard since a batch was prepared, be it in the set or not yet: the batch need not show it so."""
        self._beats: set[str] = set()
        """What of the set was heard before that, and not told."""
        self._beating: dict[str, None] = {}
        """What of it is being told, in several parts."""
        self._ready: frozenset[str] | None = None
        """What the next batch shows of `_news`; null where nothing may be told with it."""
        self._ready_beats: list[str] = []
        self._until: int | None = None
        """Where the flush ends that is being told in several parts."""

    async def locate(self) -> None:
        self._database_id = self.feed.database.identity
        now, found = await self.feed.read(queries.members, self._chosen)
        self._ids, self._begins, self._told = found.ids, found.position, Place(found.position, now)

    # ---- what has happened ----

    def heard(self, ids: AbstractSet[str]) -> None:
        self._heard |= ids
        if not self._ids.isdisjoint(ids) and self._beat_pace.ready(self.feed.timers.time()):
            self.feed.wake()

    def _collect(self, batch: Batch) -> None:
        """Note what the group may have to be told."""
        for id_, entry in self._newest(batch):
            self._beats.discard(id_)
            self._beating.pop(id_, None)
            if (entry.position or 0) > self._begins and self._concerns(id_, entry, batch):
                eventful = self._news.pop(id_, None) is not None or id_ in batch.eventful
                self._news[id_] = _News(entry.position or 0, entry.type, entry.at, eventful)

    def _newest(self, batch: Batch) -> Iterable[tuple[str, Activity]]:
        if self._only is None:
            return batch.newest.items()
        found = [(id_, batch.newest[id_]) for id_ in self._only if id_ in batch.newest]
        return sorted(found, key=lambda one: one[1].position or 0)

    def _concerns(self, id_: str, entry: Activity, batch: Batch) -> bool:
        if id_ in self._ids or id_ in self._news or self._has(id_, batch):
            return True
        # What is not in the set now may have been in it for a moment, when a stream began.
        hidden = id_ in batch.eventful or id_ in batch.unsettled or not batch.complete
        return hidden and self.feed.may_have_begun(self._told.position) and self._chosen.may_have(entry)

    def _has(self, id_: str, batch: Batch) -> bool:
        row = batch.rows.get(id_)
        return row is not None and self._chosen.has(row, batch.now)

    # ---- telling ----

    def due(self) -> float | None:
        beats = self._beats or not self._ids.isdisjoint(self._heard)
        times = [pace.next for pace, waiting in ((self._pace, self._news), (self._beat_pace, beats)) if waiting]
        return min(times, default=None)

    def prepare(self, time: float) -> Collection[str]:
        self._ready, self._ready_beats = None, []
        self._beats |= self._heard & self._ids
        self._heard = set()
        if self.waiting:
            self.go_on()
            return ()
        if self._until is not None or self._pace.ready(time):
            self._ready = frozenset(islice(self._news, FLUSH))
        if self._beats and not self._beating and self._beat_pace.ready(time):
            self._beating, self._beats = dict.fromkeys(self._beats), set()
        self._ready_beats = list(islice(self._beating, FLUSH))
        return [*(self._ready or ()), *self._ready_beats]

    def tell(self, batch: Batch) -> None:
        self._collect(batch)
        if not batch.complete:
            return  # sessions are as they are at the end of the log: what is told of them must be so, too
        if self._ready is not None:
            self.give(self._flush(self._ready, batch))
        if not self._news:
            self._told = Place(batch.position, batch.now)
        if self._ready_beats:
            ready = [id_ for id_ in self._ready_beats if id_ in self._beating]
            for id_ in ready:
                del self._beating[id_]
            if beats := self._beats_of(ready, batch):
                self._beat_pace.spend(batch.time)
                self.give(beats)
        self._ready, self._ready_beats = None, []
        if self._until is not None or self._beating:
            self.go_on()

    def _flush(self, ready: AbstractSet[str], batch: Batch) -> list[Item]:
        """The items of as many sessions as the batch shows, in the order of their newest entries.

        All but the last carry the cursor from before: who goes on from one of them is told some again, and misses none.
        """
        until = batch.position if self._until is None else self._until
        ids: list[str] = []
        complete = True
        for id_, news in self._news.items():
            if news.position > until:
                break
            if len(ids) == FLUSH or not (id_ in ready or id_ in batch.newest):
                complete = False
                break
            if id_ not in batch.unsettled:  # else its own entry is to come
                ids.append(id_)
        news_of = [(id_, self._news.pop(id_)) for id_ in ids]
        changes = [(change, id_, news) for id_, news in news_of if (change := self._change(id_, news, batch))]
        before, self._told = self._told, self._behind(batch)
        if complete and (changes or self._until is not None):
            self._pace.spend(batch.time)
        self._until = None if complete else until
        return [
            self._item(change, id_, news, batch, place=self._told if index == len(changes) else before)
            for index, (change, id_, news) in enumerate(changes, start=1)
        ]

    def _change(self, id_: str, news: _News, batch: Batch) -> SetChange | None:
        """What it means, by what the group had and what the filter says now; null: nothing."""
        if self._has(id_, batch):
            known = id_ in self._ids
            self._ids.add(id_)
            return SetChange.UPDATED if known else SetChange.ADDED
        if id_ in self._ids:
            self._ids.discard(id_)
            return SetChange.REMOVED
        # It may have come and gone again. Only a stream that began in between can have it.
        return SetChange.REMOVED if news.eventful and self.feed.may_have_begun(self._told.position) else None

    def _behind(self, batch: Batch) -> Place:
        """Up to where everything is told once the sessions that still wait are all that is left."""
        if waiting := next(iter(self._news.values()), None):
            return Place(waiting.position - 1, self._told.time)
        return Place(batch.position, batch.now)

    def _item(self, change: SetChange, id_: str, news: _News, batch: Batch, *, place: Place) -> Item:
        cursor = resume.of_set(self._database_id, self._fingerprint, place)
        told = Change(change, id_, batch.rows.get(id_), ActivityType(news.type), news.at, cursor)
        return Item(told, at_entry(news.position), cursor)

    def _beats_of(self, ids: list[str], batch: Batch) -> list[Item]:
        """The items of sessions that were only heard. A session about which there is news to come is left out.

        They are told to all, also to streams that began behind news that still wait: so their position may be behind
        that of the news, and their cursor is not, as who goes on from one of them must not skip these.
        """
        cursor = resume.of_set(self._database_id, self._fingerprint, self._told)
        heard = [id_ for id_ in ids if id_ in self._ids and id_ not in batch.newest and id_ not in self._news]
        rows = [batch.rows[id_] for id_ in heard if self._has(id_, batch)]
        changes = [Change(SetChange.UPDATED, s.id, s, None, s.last_seen_at, cursor) for s in rows]
        return [Item(change, behind_entry(batch.position), cursor) for change in changes]
