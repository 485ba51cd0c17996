"""Following the log: one reader for all subscribers of this process."""

import asyncio
from collections.abc import AsyncIterator, Callable, Hashable, Iterator
from contextlib import asynccontextmanager, contextmanager
from math import inf
from typing import TYPE_CHECKING, Concatenate, Final, ParamSpec, TypeVar

import structlog

from models.clock import Instant
from models.database import Committed, Database
from models.errors import StorageUnavailable
from resolvers.feed import queries
from resolvers.feed.batch import Batch
from resolvers.feed.consumer import Follower
from resolvers.feed.queries import Look
from resolvers.feed.read_batcher import Asking
from resolvers.feed.settling import settle
from resolvers.feed.throttle import Timer, Timers
from resolvers.server_liveness import Presence

if TYPE_CHECKING:
    from resolvers.subscriptions.stats import Latest

P = ParamSpec("P")
T = TypeVar("T")
F = TypeVar("F", bound=Follower)

POLL_SECONDS: Final = 1.0
"""How long an entry can go unnoticed that no wake-up told of."""
SLICE_SECONDS: Final = 0.005
"""How long a batch may keep the event loop to itself while it is handed on: with many groups, that takes a while."""

_log = structlog.get_logger("feed")


class Feed:
    """Reads the log behind its end and hands on what is new. It reads nothing while nobody follows.

    The commits of this process wake it; whoever hears of others may call `wake`.
    """

    def __init__(self, database: Database, presence: Presence, timers: Timers | None = None) -> None:
        """
        Args:
            database: where the log is.
            presence: takes the time of each look.
            timers: tell when to say what has to wait; the running event loop where not given.
        """
        self.database = database
        self._presence = presence
        self._asking = Asking(database)
        self._timers = timers
        self._followers: dict[Follower, None] = {}
        self._hearing: dict[Follower, None] = {}
        self._position: int | None = None
        self._locating = asyncio.Lock()
        self._woken = asyncio.Event()
        self._looked_at = -inf
        self._closed = False
        self._beginning = 0
        self._begun_at = -1
        self._counted = 0
        self.figures: dict[Hashable, Latest] = {}
        """The statistics that were worked out last, by the key of their source."""

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Follow the log while the context lasts; leaving it ends whoever follows."""
        task = asyncio.create_task(self._work(), name="feed")
        try:
            with self.database.telling(self.note):
                yield
        finally:
            task.cancel()
            await asyncio.gather(task, self._asking.finish(), return_exceptions=True)
            self._closed = True
            for follower in self._followers:
                follower.close()

    # ---- being woken ----

    @property
    def timers(self) -> Timers:
        """Where passing time comes from."""
        return self._timers or asyncio.get_running_loop()

    def note(self, committed: Committed) -> None:
        """Be told of a commit of this process."""
        for follower in self._hearing:
            follower.heard(committed.sessions)
        if committed.logged:
            self.wake()

    def wake(self) -> None:
        """Look at the log soon."""
        self._woken.set()

    async def _work(self) -> None:
        while True:
            timer = self._set_timer()
            await self._woken.wait()
            self._woken.clear()
            if timer is not None:
                timer.cancel()
            try:
                await self.look()
            except StorageUnavailable as error:
                _log.warning("log not read", reason=str(error))
            except Exception:
                _log.exception("log not read")

    def _set_timer(self) -> Timer | None:
        """For when somebody has something to say; at the latest for a look without a reason."""
        if not self._followers:
            return None
        times = [due for follower in self._followers if (due := follower.due()) is not None and due > self._looked_at]
        return self.timers.call_at(min([*times, self.timers.time() + POLL_SECONDS]), self.wake)

    # ---- looking ----

    @property
    def position(self) -> int | None:
        """How far the log was read; null while nobody follows."""
        return self._position

    async def look(self) -> None:
        """Hand on everything that is new; has done so when it returns."""
        while not await self._look_once():
            pass

    async def _look_once(self) -> bool:
        """Hand on one batch; whether that was all."""
        position = self._position
        if position is None:
            return True
        time = self._looked_at = self.timers.time()
        wanted = {id_ for follower in self._followers for id_ in follower.wants(time)}
        now = await self.now()
        news = await self.database.read(queries.news, position, wanted)
        batch = Batch(news.position, now, time, news.entries, news.rows, news.complete)
        await self._hand_on(batch)
        if self._position is not None:  # else everybody has left meanwhile
            self._position = max(self._position, batch.position)
        if batch.unsettled:
            await settle(self.database, now)
        return news.complete

    async def _hand_on(self, batch: Batch) -> None:
        """Give a batch to all who followed when it was read; whoever comes meanwhile begins behind it."""
        clock = asyncio.get_running_loop().time
        paused = clock()
        for follower in list(self._followers):
            try:
                follower.take(batch)
            except Exception as error:  # a fault of one follower is none of the others'
                _log.exception("follower failed")
                follower.close(error)
            if clock() - paused > SLICE_SECONDS:
                await asyncio.sleep(0)
                paused = clock()

    # ---- for those who follow ----

    @asynccontextmanager
    async def following(self, follower: F) -> AsyncIterator[F]:
        """Have `follower` told everything from the moment of entering on."""
        self._followers[follower] = None
        if follower.hears:
            self._hearing[follower] = None
        try:
            async with self._locating:
                if self._position is None:
                    self._position = await self.database.read(queries.head)
            await follower.begin()
            if self._closed:
                follower.close()
            self.wake()
            yield follower
        finally:
            del self._followers[follower]
            self._hearing.pop(follower, None)
            follower.close()
            if not self._followers:
                self._position = None

    # ---- for streams at their beginning ----

    @contextmanager
    def beginning(self) -> Iterator[Callable[[int], None]]:
        """While a stream reads sessions that it begins with; it says at which position of the log they were so."""
        self._beginning += 1
        try:
            yield self._begun
        finally:
            self._beginning -= 1

    def _begun(self, position: int) -> None:
        self._begun_at = max(self._begun_at, position)

    def may_have_begun(self, after: int) -> bool:
        """Whether a stream may have begun with sessions as they were behind that position, which no batch has shown."""
        return self._beginning > 0 or self._begun_at > after

    async def is_ahead(self, position: int) -> bool:
        """Whether the log has never reached as far as a position."""
        if self._position is not None and position <= self._position:
            return False  # as of nearly all cursors: no need to ask
        return position > await self.database.read(queries.furthest)

    def count(self) -> int:
        """A number higher than all before: the position of an item that has no place in the log."""
        self._counted += 1
        return self._counted

    async def now(self) -> Instant:
        """The present; while nothing can be written, the last moment that is sure."""
        return (await self._presence.moment()).now

    async def read(
        self, question: Callable[Concatenate[Look, Instant, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> tuple[Instant, T]:
        """The answer to `question(look, now, …)`, asked of a state in which time has written everything down."""
        now = await self.now()
        return now, await self._asking.ask(now, lambda look: question(look, now, *args, **kwargs))
