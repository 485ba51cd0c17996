"""One subscriber: its own beginning, then what its group is told; bounded, however slowly it is read.

Until it has joined, and whenever its queue has overflowed, the subscription reads `Source.open` at its reader's pace;
what its group is told meanwhile waits in the queue. After `Joined(p)` it gives the frames of the queue beyond p.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Hashable
from dataclasses import dataclass

from transport.execution import is_cancelled
from transport.sources import Item, Joined
from transport.streams.answers import HEARTBEAT, Closing, Frame, Frames, StreamCut, TooSlow
from transport.streams.groups import Group, Groups
from transport.streams.items import Runner, Selection

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
        "_cut",
        "_finished",
        "_group",
        "_groups",
        "_key",
        "_known",
        "_left_at",
        "_missed",
        "_on_close",
        "_opening",
        "_queue",
        "_reader",
        "_reading",
        "_runner",
        "_selection",
        "_stall",
        "_terms",
        "queued_bytes",
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
        self._on_close = on_close
        self._group: Group | None = None
        self._opening: AsyncIterator[Item | Joined] | None = None
        self._runner: Runner | None = None
        self._known: int | None = None
        self._missed = True  # everything, so far
        self._finished = False
        self._cut: StreamCut | None = None
        self._queue: deque[tuple[float, Frame]] = deque()
        self.queued_bytes = 0
        self._reading = False
        self._reader: asyncio.Future[None] | None = None
        self._left_at = 0.0
        self._stall: asyncio.TimerHandle | None = None

    # ---- the reader's side

    async def __anext__(self) -> Frame:
        self._reading = True
        try:
            frame = await self._next()
        finally:
            self._reading = False
            self._left_at = asyncio.get_running_loop().time()
        if frame.cursor is not None:
            self._after = frame.cursor
        self._watch()
        return frame

    async def _next(self) -> Frame:
        while True:
            if self._cut is not None:
                raise self._cut
            if self._opening is not None or self._missed:
                frame = await self._open_further()
            elif self._queue:
                frame = self._take()
            elif self._finished:
                raise StopAsyncIteration
            else:
                frame = await self._wait()
            if frame is not None:
                return frame

    def _take(self) -> Frame:
        _, frame = self._queue.popleft()
        self.queued_bytes -= len(frame.payload)
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
            await self._join(item.joined)
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

    async def _join(self, position: int) -> None:
        await self._close_opening()
        self._known = position
        while self._queue and self._queue[0][0] <= position:
            self._take()

    async def _over(self, last: Frame | None) -> Frame | None:
        self._leave()
        await self._close_opening()
        return last

    # ---- the group's side

    def push(self, position: int, frame: Frame) -> None:
        """Take a frame, unless the opening has told it."""
        if self._missed or (self._known is not None and position <= self._known):
            return
        size = len(frame.payload)
        if self.queued_bytes + size > self._terms.queue_bytes and not self._waits():
            self._drop()
            self._missed = True
        else:
            self._queue.append((position, frame))
            self.queued_bytes += size
        self._tell()

    def finish(self, frame: Frame | None) -> None:
        """Take the last frame: it comes after all others."""
        self._finished = True
        if frame is not None:
            self._queue.append((LAST, frame))
            self.queued_bytes += len(frame.payload)
        self._tell()

    def _waits(self) -> bool:
        return self._reader is not None and not self._reader.done()

    def _tell(self) -> None:
        if self._waits():
            self._wake()
        else:
            self._watch()

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

    def _watch(self) -> None:
        # A timer for each frame would cost more than the frame: one is set where a reader is away, and looks again.
        if self._stall is None and self._keeps_waiting():
            self._stall = asyncio.get_running_loop().call_later(self._terms.stall_seconds, self._look)

    def _look(self) -> None:
        self._stall = None
        if not self._keeps_waiting():
            return
        loop = asyncio.get_running_loop()
        left = self._left_at + self._terms.stall_seconds - loop.time()
        if left > 0:
            self._stall = loop.call_later(left, self._look)
            return
        self._end(TooSlow())
        if self.on_too_slow is not None:
            self.on_too_slow()

    def _keeps_waiting(self) -> bool:
        return not self._reading and bool(self._queue or self._missed or self._opening)

    def _leave(self) -> None:
        self._finished, self._missed = True, False
        self._drop()
        if self._group is not None:
            self._groups.leave(self._key, self._group, self)
            self._group = None

    def _drop(self) -> None:
        self._queue.clear()
        self.queued_bytes = 0

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
        if self._stall is not None:
            self._stall.cancel()
        self._on_close(self)
        await self._close_opening()
