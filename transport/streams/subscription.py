"""One subscriber: its own beginning, then what its group is told; bounded, however slowly it is read.

Until it has joined, and whenever its queue has overflowed, the subscription reads `Source.open` at its reader's pace;
what its group is told meanwhile waits in the queue. After `Joined(p)` it gives the frames of the queue beyond p.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Hashable
from dataclasses import dataclass

from transport.execution import is_cancelled
from transport.sources import Item, Joined
from transport.streams.answers import HEARTBEAT, Closing, Frame, Frames, StreamCut, TooSlow
from transport.streams.choice import Choice
from transport.streams.groups import Group, Groups
from transport.streams.items import Runner, Selection
from transport.streams.waiting import Patience, Queue

LAST = float("inf")
"""The position of a frame after which nothing comes."""


@dataclass(frozen=True, slots=True)
class Terms:
    """Where a subscriber begins, and how much it may leave waiting for how long."""

    after: str | None
    queue_bytes: int
    stall_seconds: float
    heartbeat_seconds: float | None


class Subscription(Frames):
    """The frames of one subscriber."""

    __slots__ = (
        "_after",
        "_choice",
        "_cut",
        "_finished",
        "_group",
        "_groups",
        "_key",
        "_known",
        "_missed",
        "_on_close",
        "_opening",
        "_patience",
        "_queue",
        "_reader",
        "_reading",
        "_runner",
        "_selection",
        "_terms",
    )

    def __init__(
        self,
        groups: Groups,
        key: Hashable,
        selection: Selection,
        terms: Terms,
        on_close: Callable[["Subscription"], None],
    ) -> None:
        super().__init__()
        self._groups = groups
        self._key = key
        self._selection = selection
        self._terms = terms
        self._after = terms.after
        self._choice = Choice(selection.source)
        self._on_close = on_close
        self._group: Group | None = None
        self._opening: AsyncIterator[Item | Joined] | None = None
        self._runner: Runner | None = None
        self._known: int | None = None
        self._missed = True  # everything, so far
        self._finished = False
        self._cut: StreamCut | None = None
        self._queue = Queue(terms.queue_bytes)
        self._reading = False
        self._reader: asyncio.Future[None] | None = None
        self._patience = Patience(terms.stall_seconds, self._is_missed, self._give_up)

    @property
    def queued_bytes(self) -> int:
        """What waits for the reader."""
        return self._queue.bytes

    # ---- the reader's side

    async def __anext__(self) -> Frame:
        self._reading = True
        try:
            frame = await self._next()
        finally:
            self._reading = False
        self._choice.give(frame)
        self._after = frame.cursor or self._after
        self._patience.leave()
        return frame

    async def _next(self) -> Frame:
        while True:
            if self._cut is not None:
                raise self._cut
            if self._opening is not None or self._missed:
                frame = await self._open_further()
            elif self._queue:
                frame = self._choice.pick(self._queue.take())
            elif self._finished:
                raise StopAsyncIteration
            else:
                frame = await self._wait()
            if frame is not None:
                return frame

    async def _wait(self) -> Frame | None:
        loop = asyncio.get_running_loop()
        self._reader = loop.create_future()
        seconds = self._terms.heartbeat_seconds
        beat = loop.call_later(seconds, self._wake) if seconds is not None else None
        try:
            await self._reader
        finally:
            self._reader = None
            if beat is not None:
                beat.cancel()
        nothing = not (self._queue or self._missed or self._finished or self._cut)
        return HEARTBEAT if nothing else None

    async def _open_further(self) -> Frame | None:
        try:
            async with asyncio.timeout(self._selection.execution.seconds) as deadline:
                item = await self._next_of_opening()
        except TimeoutError as error:
            return await self._over(
                self._selection.timed_out() if deadline.expired() else self._selection.failed(error)
            )
        except Exception as error:  # the source is the resolver's: it may raise anything
            return await self._over(self._selection.failed(error))
        except asyncio.CancelledError as error:
            if is_cancelled():
                raise
            return await self._over(self._selection.failed(error))
        if item is None:
            return await self._over(None)
        if isinstance(item, Joined):
            await self._join(item)
            return None
        assert self._runner is not None, "made when the opening began"
        frame = await self._runner.frame(item)
        return await self._over(frame) if frame.failed else frame

    async def _next_of_opening(self) -> Item | Joined | None:
        if self._opening is None:
            if self._group is None:
                self._group = self._groups.join(self._key, self._selection, self)
            self._missed, self._known = False, None
            await self._group.following.wait()
            self._runner = self._selection.runner()
            self._opening = self._selection.source.open(self._after)
        return await anext(self._opening, None)

    async def _join(self, joined: Joined) -> None:
        await self._close_opening()
        self._choice.join(joined)
        self._after = joined.cursor or self._after
        self._known = joined.joined
        self._queue.drop_until(joined.joined)

    async def _over(self, last: Frame | None) -> Frame | None:
        self._leave()
        await self._close_opening()
        return last

    # ---- the group's side

    def push(self, position: int, frame: Frame) -> None:
        """Take a frame, unless the opening has told it."""
        if self._missed or (self._known is not None and position <= self._known):
            return
        if self._queue.has_room(frame) or self._waits():
            self._queue.put(position, frame)
        else:
            self._queue.clear()
            self._missed = True
        self._tell()

    def finish(self, frame: Frame | None) -> None:
        """Take the last frame: it comes after all others."""
        self._finished = True
        if frame is not None:
            self._queue.put(LAST, frame)
        self._tell()

    def _waits(self) -> bool:
        return self._reader is not None and not self._reader.done()

    def _tell(self) -> None:
        if self._waits():
            self._wake()
        else:
            self._patience.watch()

    def _wake(self) -> None:
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)

    # ---- the server's side

    def close(self) -> None:
        """The server stops: the reader is told with its next step."""
        self._end(Closing())

    def _end(self, cut: StreamCut) -> None:
        if self._cut is None:
            self._cut = cut
            self._leave()
            self._wake()

    def _is_missed(self) -> bool:
        return not self._reading and bool(self._queue or self._missed or self._opening)

    def _give_up(self) -> None:
        self._end(TooSlow())
        if self.on_too_slow is not None:
            self.on_too_slow()

    def _leave(self) -> None:
        self._finished, self._missed = True, False
        self._queue.clear()
        if self._group is not None:
            self._groups.leave(self._key, self._group, self)
            self._group = None

    async def _close_opening(self) -> None:
        opening, self._opening, self._runner = self._opening, None, None
        if isinstance(opening, AsyncGenerator):
            try:
                await opening.aclose()
            except Exception as error:  # nobody is left to be told: it is logged
                self._selection.failed(error)

    async def aclose(self) -> None:
        """Leave the group, and close the source's beginning if it is not over."""
        self._leave()
        self._patience.stop()
        self._on_close(self)
        await self._close_opening()
