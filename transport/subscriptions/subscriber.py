"""One subscriber: its own beginning, then what its group is told; bounded, however slowly it is read.

Until it has joined, and whenever its queue has overflowed, the subscription reads `Source.open` at its reader's pace;
what its group is told meanwhile waits in the queue. After `Joined(p)` it gives the frames of the queue beyond p.
"""

import asyncio
from collections.abc import Callable, Hashable

from transport.subscriptions.backpressure import BoundedFrameQueue, Handoff, SlowConsumerTimer, SubscriberLimits
from transport.subscriptions.catch_up import CatchUp
from transport.subscriptions.event_executor import SubscriptionQuery
from transport.subscriptions.fanout import Bundle, FanoutRegistry, Membership
from transport.subscriptions.responses import Frame, FrameStream, ServerShutdown, SlowConsumer, StreamClosed
from transport.subscriptions.source import CaughtUp
from transport.subscriptions.subscriber_filter import SubscriberFilter

END_SEQUENCE = float("inf")
"""The position of a frame after which nothing comes."""


class SubscriberStream(FrameStream):
    """The frames of one subscriber."""

    __slots__ = (
        "_after",
        "_catch_up",
        "_caught_up_to",
        "_close_reason",
        "_filter",
        "_finished",
        "_handoff",
        "_limits",
        "_membership",
        "_on_close",
        "_overflowed",
        "_query",
        "_queue",
        "_reading",
        "_slow_timer",
    )

    def __init__(
        self,
        groups: FanoutRegistry,
        key: Hashable,
        query: SubscriptionQuery,
        limits: SubscriberLimits,
        on_close: Callable[["SubscriberStream"], None],
    ) -> None:
        super().__init__()
        self._membership = Membership(groups, key, query)
        self._query = query
        self._limits = limits
        self._after = limits.after
        self._filter = SubscriberFilter(query.source)
        self._on_close = on_close
        self._catch_up: CatchUp | None = None
        self._caught_up_to: int | None = None
        self._overflowed = True  # everything, so far
        self._finished = False
        self._close_reason: StreamClosed | None = None
        self._queue = BoundedFrameQueue(limits.queue_bytes)
        self._reading = False
        loop = asyncio.get_running_loop()
        self._handoff = Handoff(loop, limits.heartbeat_seconds)
        self._slow_timer = SlowConsumerTimer(loop, limits.stall_seconds, self._has_pending, self._on_slow)

    @property
    def queued_bytes(self) -> int:
        """What waits for the reader."""
        return self._queue.bytes

    @property
    def is_live(self) -> bool:
        """Whether it is past its beginning: from now on it is told what its group is."""
        return self._caught_up_to is not None and self._catch_up is None

    # ---- the reader's side

    async def __anext__(self) -> Frame:
        self._reading = True
        frame = None
        try:
            while frame is None:
                if self._close_reason is not None:
                    raise self._close_reason
                if self._catch_up is not None or self._overflowed:
                    frame = await self._next_catch_up_frame()
                elif self._queue:
                    frame = self._filter.accept(self._queue.take())
                elif self._finished:
                    raise StopAsyncIteration
                else:
                    frame = await self._handoff.wait()
        finally:
            self._reading = False
        self._on_sent(frame)
        self._slow_timer.restart()
        return frame

    def _on_sent(self, frame: Frame) -> None:
        self._filter.sent(frame)
        self._after = frame.cursor or self._after

    async def _next_catch_up_frame(self) -> Frame | None:
        if self._catch_up is None:
            await self._start_catch_up()
            return None  # and while it waited, the server may have ended the stream
        if self._catch_up.has_prefetched:
            return await self._take_catch_up_step(self._catch_up)
        async with self._limits.catch_up_slots:
            # The same.
            return await self._take_catch_up_step(self._catch_up) if self._close_reason is None else None

    async def _start_catch_up(self) -> None:
        group = self._membership.join(self)
        self._overflowed, self._caught_up_to = False, None
        self._catch_up = CatchUp(self._query, self._after, group.following)
        key = self._after, self._query.resume_key
        await group.catch_ups.start(key, self._catch_up, self._limits, lambda: self._close_reason is not None)

    async def _take_catch_up_step(self, catch_up: CatchUp) -> Frame | None:
        step = await catch_up.next_step()
        if self._close_reason is not None:
            raise self._close_reason
        if step is None:
            return await self._finish(None)
        if not isinstance(step, Frame):
            return await self._go_live(step)
        return await self._finish(step) if step.failed else step

    async def _go_live(self, marker: CaughtUp) -> Frame | None:
        """Go over to what the group is told; a heartbeat, where they are wanted, with a place that is news."""
        await self._close_catch_up()
        self._filter.caught_up(marker)
        self._caught_up_to = marker.through
        self._queue.drop_through(marker.through)
        before, self._after = self._after, marker.cursor or self._after
        return None if self._after == before else self._handoff.heartbeat(self._after)

    async def _finish(self, last: Frame | None) -> Frame | None:
        self._leave()
        await self._close_catch_up()
        return last

    # ---- the group's side

    def push(self, bundle: Bundle) -> None:
        """Take some frames, except those that the beginning has told."""
        if self._overflowed:
            return
        if self._try_send_all(bundle):
            self._after = bundle.cursor or self._after
            return
        for position, frame in zip(bundle.sequences, bundle.frames, strict=True):
            if self._caught_up_to is None or position > self._caught_up_to:
                self._enqueue(position, frame)

    def _try_send_all(self, bundle: Bundle) -> bool:
        """Whether all of it could be sent at once: which is most of what happens to most streams."""
        return (
            self.try_send is not None
            and self._handoff.has_waiter
            and self._filter.accepts_all
            and (self._caught_up_to is None or bundle.min_sequence > self._caught_up_to)
            and self.try_send(bundle.frames)
        )

    def _enqueue(self, sequence: int, frame: Frame) -> None:
        if self._overflowed:
            return
        if self._handoff.has_waiter:
            self._hand_off(frame)
        elif self._queue.has_room(frame):
            self._queue.put(sequence, frame)
            self._slow_timer.arm()
        else:
            self._queue.clear()
            self._overflowed = True
            self._slow_timer.arm()

    def finish(self, frame: Frame | None) -> None:
        """Take the last frame: it comes after all others."""
        self._finished = True
        if frame is not None:
            self._queue.put(END_SEQUENCE, frame)
        self._handoff.deliver()
        self._slow_timer.arm()

    def _hand_off(self, frame: Frame) -> None:
        if self._filter.accept(frame) is None:
            return
        if self.try_send is not None and self.try_send((frame,)):
            self._on_sent(frame)
        else:
            self._handoff.deliver(frame)

    # ---- the server's side

    def close(self) -> None:
        """The server stops: the reader is told with its next step."""
        self._close_with(ServerShutdown())

    def _close_with(self, reason: StreamClosed) -> None:
        if self._close_reason is None:
            self._close_reason = reason
            self._leave()
            self._handoff.deliver()

    def _has_pending(self) -> bool:
        return not self._reading and bool(self._queue or self._overflowed or self._catch_up)

    def _on_slow(self) -> None:
        self._close_with(SlowConsumer())
        if self.on_slow_consumer is not None:
            self.on_slow_consumer()

    def _leave(self) -> None:
        self._finished, self._overflowed = True, False
        self._queue.clear()
        self._membership.leave(self)

    async def _close_catch_up(self) -> None:
        catch_up, self._catch_up = self._catch_up, None
        if catch_up is not None:
            await catch_up.close()

    async def aclose(self) -> None:
        """Leave the group, and close the source's beginning if it is not over."""
        self._leave()
        self._slow_timer.stop()
        self._on_close(self)
        await self._close_catch_up()
