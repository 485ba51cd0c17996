"""One subscriber: its own beginning, then what its group is told; bounded, however slowly it is read.

Until it has joined, and whenever its queue has overflowed, the subscription reads `Source.open` at its reader's pace;
what its group is told meanwhile waits in the queue. After `Joined(p)` it gives the frames of the queue beyond p.
"""

import asyncio
from collections.abc import Callable, Hashable

from transport.subscriptions.backpressure import Handover, Patience, Queue, Terms
from transport.subscriptions.catch_up import Beginning
from transport.subscriptions.event_executor import Selection
from transport.subscriptions.fanout import Groups, Membership, Told
from transport.subscriptions.responses import Closing, Frame, Frames, StreamCut, TooSlow
from transport.subscriptions.source import Joined
from transport.subscriptions.subscriber_filter import Choice

LAST = float("inf")
"""The position of a frame after which nothing comes."""


class Subscription(Frames):
    """The frames of one subscriber."""

    __slots__ = (
        "_after",
        "_beginning",
        "_choice",
        "_cut",
        "_finished",
        "_handover",
        "_known",
        "_membership",
        "_missed",
        "_on_close",
        "_patience",
        "_queue",
        "_reading",
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
        self._membership = Membership(groups, key, selection)
        self._selection = selection
        self._terms = terms
        self._after = terms.after
        self._choice = Choice(selection.source)
        self._on_close = on_close
        self._beginning: Beginning | None = None
        self._known: int | None = None
        self._missed = True  # everything, so far
        self._finished = False
        self._cut: StreamCut | None = None
        self._queue = Queue(terms.queue_bytes)
        self._reading = False
        loop = asyncio.get_running_loop()
        self._handover = Handover(loop, terms.heartbeat_seconds)
        self._patience = Patience(loop, terms.stall_seconds, self._is_missed, self._give_up)

    @property
    def queued_bytes(self) -> int:
        """What waits for the reader."""
        return self._queue.bytes

    @property
    def is_live(self) -> bool:
        """Whether it is past its beginning: from now on it is told what its group is."""
        return self._known is not None and self._beginning is None

    # ---- the reader's side

    async def __anext__(self) -> Frame:
        self._reading = True
        frame = None
        try:
            while frame is None:
                if self._cut is not None:
                    raise self._cut
                if self._beginning is not None or self._missed:
                    frame = await self._begin_further()
                elif self._queue:
                    frame = self._choice.pick(self._queue.take())
                elif self._finished:
                    raise StopAsyncIteration
                else:
                    frame = await self._handover.wait()
        finally:
            self._reading = False
        self._gave(frame)
        self._patience.leave()
        return frame

    def _gave(self, frame: Frame) -> None:
        self._choice.give(frame)
        self._after = frame.cursor or self._after

    async def _begin_further(self) -> Frame | None:
        if self._beginning is None:
            await self._begin()
            return None  # and while it waited, the server may have ended the stream
        if self._beginning.is_ahead:
            return await self._take_step(self._beginning)
        async with self._terms.turns:
            # The same.
            return await self._take_step(self._beginning) if self._cut is None else None

    async def _begin(self) -> None:
        group = self._membership.join(self)
        self._missed, self._known = False, None
        self._beginning = Beginning(self._selection, self._after, group.following)
        key = self._after, self._selection.start
        await group.beginnings.begin(key, self._beginning, self._terms, lambda: self._cut is not None)

    async def _take_step(self, beginning: Beginning) -> Frame | None:
        step = await beginning.step()
        if self._cut is not None:
            raise self._cut
        if step is None:
            return await self._over(None)
        if not isinstance(step, Frame):
            return await self._join(step)
        return await self._over(step) if step.failed else step

    async def _join(self, joined: Joined) -> Frame | None:
        """Go over to what the group is told; a heartbeat, where they are wanted, with a place that is news."""
        await self._close_beginning()
        self._choice.join(joined)
        self._known = joined.joined
        self._queue.drop_until(joined.joined)
        before, self._after = self._after, joined.cursor or self._after
        return None if self._after == before else self._handover.heartbeat(self._after)

    async def _over(self, last: Frame | None) -> Frame | None:
        self._leave()
        await self._close_beginning()
        return last

    # ---- the group's side

    def push(self, told: Told) -> None:
        """Take some frames, except those that the beginning has told."""
        if self._missed:
            return
        if self._sends(told):
            self._after = told.cursor or self._after
            return
        for position, frame in zip(told.positions, told.frames, strict=True):
            if self._known is None or position > self._known:
                self._put(position, frame)

    def _sends(self, told: Told) -> bool:
        """Whether all of it could be sent at once: which is most of what happens to most streams."""
        return (
            self.directly is not None
            and self._handover.awaited
            and self._choice.is_all
            and (self._known is None or told.lowest > self._known)
            and self.directly(told.frames)
        )

    def _put(self, position: int, frame: Frame) -> None:
        if self._missed:
            return
        if self._handover.awaited:
            self._hand(frame)
        elif self._queue.has_room(frame):
            self._queue.put(position, frame)
            self._patience.watch()
        else:
            self._queue.clear()
            self._missed = True
            self._patience.watch()

    def finish(self, frame: Frame | None) -> None:
        """Take the last frame: it comes after all others."""
        self._finished = True
        if frame is not None:
            self._queue.put(LAST, frame)
        self._handover.give()
        self._patience.watch()

    def _hand(self, frame: Frame) -> None:
        if self._choice.pick(frame) is None:
            return
        if self.directly is not None and self.directly((frame,)):
            self._gave(frame)
        else:
            self._handover.give(frame)

    # ---- the server's side

    def close(self) -> None:
        """The server stops: the reader is told with its next step."""
        self._end(Closing())

    def _end(self, cut: StreamCut) -> None:
        if self._cut is None:
            self._cut = cut
            self._leave()
            self._handover.give()

    def _is_missed(self) -> bool:
        return not self._reading and bool(self._queue or self._missed or self._beginning)

    def _give_up(self) -> None:
        self._end(TooSlow())
        if self.on_too_slow is not None:
            self.on_too_slow()

    def _leave(self) -> None:
        self._finished, self._missed = True, False
        self._queue.clear()
        self._membership.leave(self)

    async def _close_beginning(self) -> None:
        beginning, self._beginning = self._beginning, None
        if beginning is not None:
            await beginning.close()

    async def aclose(self) -> None:
        """Leave the group, and close the source's beginning if it is not over."""
        self._leave()
        self._patience.stop()
        self._on_close(self)
        await self._close_beginning()
