"""One subscriber's stream: catch-up, live items of its group, backpressure.

Until it has caught up, and again whenever its queue has overflowed, the stream reads `Source.open` at the pace of its
reader, while live frames wait in the queue. After `CaughtUp` it continues with the queued frames that are later.
"""

import asyncio
from collections.abc import Callable, Hashable

from transport.idle_timer import IdleTimer
from transport.subscriptions.backpressure import BoundedFrameQueue, Handoff, is_after, is_never_covered
from transport.subscriptions.catch_up import CatchUp
from transport.subscriptions.event_executor import SubscriptionQuery
from transport.subscriptions.fanout import Bundle, FanoutGroup, FanoutRegistry
from transport.subscriptions.responses import (
    AccessEnded,
    Frame,
    FrameStream,
    ServerShutdown,
    SlowConsumer,
    StreamClosed,
    StreamOptions,
)
from transport.subscriptions.source import CaughtUp


class SubscriberStream(FrameStream):
    """The frames of one subscriber."""

    __slots__ = (
        "_after",
        "_catch_up",
        "_caught_up_to",
        "_close_reason",
        "_distinct",
        "_finished",
        "_group",
        "_groups",
        "_handoff",
        "_key",
        "_last_payload",
        "_on_close",
        "_overflowed",
        "_query",
        "_queue",
        "_reading",
        "_sends_heartbeats",
        "_slow_timer",
    )

    def __init__(
        self,
        groups: FanoutRegistry,
        key: Hashable,
        query: SubscriptionQuery,
        options: StreamOptions,
        on_close: Callable[["SubscriberStream"], None],
    ) -> None:
        super().__init__()
        self._groups = groups
        self._key = key
        self._group: FanoutGroup | None = None
        self._query = query
        self._after = options.after
        self._distinct = query.source.distinct
        self._last_payload: bytes | None = None
        """Of a distinct source: the last result sent."""
        self._on_close = on_close
        self._catch_up: CatchUp | None = None
        self._caught_up_to: int | None = None
        self._overflowed = True  # a new stream has missed everything
        self._finished = False
        self._close_reason: StreamClosed | None = None
        self._queue = BoundedFrameQueue(groups.limits.stream_queue_bytes)
        self._reading = False
        loop = asyncio.get_running_loop()
        self._sends_heartbeats = options.heartbeat_seconds is not None
        self._handoff = Handoff(loop, options.heartbeat_seconds)
        self._slow_timer = IdleTimer(loop, groups.limits.stream_stall_seconds, self._has_pending, self._on_slow)

    @property
    def queued_bytes(self) -> int:
        return self._queue.bytes

    @property
    def is_live(self) -> bool:
        return self._caught_up_to is not None and self._catch_up is None

    # ---- called by the reader

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
                    frame = self._unless_repeated(self._queue.take())
                elif self._finished:
                    raise StopAsyncIteration
                else:
                    frame = await self._handoff.wait()
        finally:
            self._reading = False
        self._on_sent(frame)
        self._slow_timer.touch()
        return frame

    def _on_sent(self, frame: Frame) -> None:
        if self._distinct and frame.sequence is not None:
            self._last_payload = frame.payload
        self._after = frame.cursor or self._after

    def _unless_repeated(self, frame: Frame) -> Frame | None:
        return None if frame.payload == self._last_payload else frame

    async def _next_catch_up_frame(self) -> Frame | None:
        if self._catch_up is None:
            await self._start_catch_up()
            return None  # the server may have closed the stream meanwhile
        if self._catch_up.has_prefetched:
            return await self._take_catch_up_step(self._catch_up)
        async with self._groups.catch_up_slots:
            # Waiting for a slot takes time, too.
            return await self._take_catch_up_step(self._catch_up) if self._close_reason is None else None

    async def _start_catch_up(self) -> None:
        if self._group is None:
            self._group = self._groups.join(self._key, self._query, self)
        self._overflowed, self._caught_up_to = False, None
        self._catch_up = CatchUp(self._query, self._after, self._group.following)
        key = self._after, self._query.resume_key
        await self._group.catch_ups.start(key, self._catch_up, lambda: self._close_reason is not None)

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
        """Continue with live frames. Returns a heartbeat if the client needs the cursor, and takes heartbeats."""
        await self._close_catch_up()
        self._caught_up_to = marker.through
        self._queue.drop_through(marker.through)
        before, self._after = self._after, marker.cursor or self._after
        return Frame(b"", self._after) if self._sends_heartbeats and self._after != before else None

    async def _finish(self, last: Frame | None) -> Frame | None:
        self._leave()
        await self._close_catch_up()
        return last

    # ---- called by the group

    def push(self, bundle: Bundle) -> None:
        """Send or queue the frames that the catch-up does not cover."""
        if self._overflowed:
            self._queue.put_all(frame for frame in bundle.frames if is_never_covered(frame))
            return
        if self._try_send_all(bundle):
            self._after = bundle.cursor or self._after
            return
        for frame in bundle.frames:
            if is_after(frame, self._caught_up_to):
                self._enqueue(frame)

    def _try_send_all(self, bundle: Bundle) -> bool:
        """Send the whole bundle at once, which is possible for most streams at most times."""
        return (
            self.try_send is not None
            and self._handoff.has_waiter
            and not self._distinct
            and (self._caught_up_to is None or bundle.min_sequence > self._caught_up_to)
            and self.try_send(bundle.frames)
        )

    def _enqueue(self, frame: Frame) -> None:
        if self._overflowed:
            return
        if self._handoff.has_waiter:
            self._hand_off(frame)
        elif self._queue.has_room(frame):
            self._queue.put(frame)
            self._slow_timer.arm()
        else:
            self._queue.clear()
            self._overflowed = True
            self._slow_timer.arm()

    def finish(self, frame: Frame | None) -> None:
        """End the stream after the queued frames and this last one."""
        self._finished = True
        if frame is not None:
            self._queue.put(frame)
        self._handoff.deliver()
        self._slow_timer.arm()

    def _hand_off(self, frame: Frame) -> None:
        if self._unless_repeated(frame) is None:
            return
        if self.try_send is not None and self.try_send((frame,)):
            self._on_sent(frame)
        else:
            self._handoff.deliver(frame)

    # ---- called by the server

    def close(self) -> None:
        """Close the stream, as the server is stopping. The reader gets ServerShutdown."""
        self._close_with(ServerShutdown())

    def end_access(self) -> None:
        """Close the stream, as the client's access has ended. The reader gets AccessEnded."""
        self._close_with(AccessEnded())

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
        if self._group is not None:
            self._groups.leave(self._group, self)
            self._group = None

    async def _close_catch_up(self) -> None:
        catch_up, self._catch_up = self._catch_up, None
        if catch_up is not None:
            await catch_up.close()

    async def aclose(self) -> None:
        """Leave the group, and close the catch-up."""
        self._leave()
        self._slow_timer.close()
        self._on_close(self)
        await self._close_catch_up()
