"""What waits for the reader of one stream, and for how long."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from transport.subscriptions.responses import HEARTBEAT, Frame


@dataclass(frozen=True, slots=True)
class SubscriberLimits:
    """Where a subscriber begins, whom it takes turns with, and how much it may leave waiting for how long."""

    after: str | None
    queue_bytes: int
    stall_seconds: float
    heartbeat_seconds: float | None
    catch_up_slots: asyncio.Semaphore
    """To be had for each step of its beginning."""


class BoundedFrameQueue:
    """Frames with their positions, in the order in which they came, `most` bytes of them."""

    __slots__ = ("_frames", "_max_bytes", "bytes")

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._frames: deque[tuple[float, Frame]] = deque()
        self.bytes = 0

    def __bool__(self) -> bool:
        return bool(self._frames)

    def has_room(self, frame: Frame) -> bool:
        """Whether one more may wait."""
        return self.bytes + len(frame.payload) <= self._max_bytes

    def put(self, sequence: float, frame: Frame) -> None:
        """Add one, whether there is room or not."""
        self._frames.append((sequence, frame))
        self.bytes += len(frame.payload)

    def take(self) -> Frame:
        """The first."""
        _, frame = self._frames.popleft()
        self.bytes -= len(frame.payload)
        return frame

    def drop_through(self, sequence: int) -> None:
        """Drop what stands at this position or before it."""
        kept = [(at, frame) for at, frame in self._frames if at > sequence]
        self.clear()
        for at, frame in kept:
            self.put(at, frame)

    def clear(self) -> None:
        """Drop all."""
        self._frames.clear()
        self.bytes = 0


class Handoff:
    """Where a reader waits for a frame, or for something else to look at; for no longer than its heartbeat says."""

    __slots__ = ("_heartbeat_seconds", "_loop", "_reader")

    def __init__(self, loop: asyncio.AbstractEventLoop, heartbeat_seconds: float | None) -> None:
        self._loop = loop
        self._heartbeat_seconds = heartbeat_seconds
        self._reader: asyncio.Future[Frame | None] | None = None

    @property
    def has_waiter(self) -> bool:
        """Whether a reader waits."""
        return self._reader is not None and not self._reader.done()

    def heartbeat(self, cursor: str | None) -> Frame | None:
        """One that says where the stream may resume; None where nobody wants heartbeats."""
        return None if self._heartbeat_seconds is None else Frame(b"", cursor)

    def wait(self) -> asyncio.Future[Frame | None]:
        """Done when there is a frame, or None, as there is something else."""
        self._reader = reader = self._loop.create_future()
        if self._heartbeat_seconds is not None:
            beat = self._loop.call_later(self._heartbeat_seconds, self.deliver, HEARTBEAT)
            reader.add_done_callback(lambda _: beat.cancel())
        return reader

    def deliver(self, frame: Frame | None = None) -> None:
        """Wake the reader, if one waits."""
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(frame)


class SlowConsumerTimer:
    """Gives up on a reader that stays away for `seconds` while something waits for it.

    A timer for each frame would cost more than the frame. So there is one at most, set when a reader that is away is
    first kept something for, and it looks again when it is due.
    """

    __slots__ = ("_idle_since", "_is_pending", "_loop", "_on_timeout", "_seconds", "_timer")

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        seconds: float,
        is_pending: Callable[[], bool],
        on_timeout: Callable[[], None],
    ) -> None:
        self._loop = loop
        self._seconds = seconds
        self._is_pending = is_pending
        self._on_timeout = on_timeout
        self._idle_since = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def restart(self) -> None:
        """The reader goes away, to send what it took."""
        self._idle_since = self._loop.time()
        self.arm()

    def arm(self) -> None:
        """Something may wait for the reader."""
        if self._timer is None and self._is_pending():
            self._timer = self._loop.call_later(self._seconds, self._check)

    def stop(self) -> None:
        """Wait no more. Whoever gives up is let go of: it holds this, and would be freed later otherwise."""
        if self._timer is not None:
            self._timer.cancel()
        self._is_pending, self._on_timeout = never, nothing

    def _check(self) -> None:
        self._timer = None
        if not self._is_pending():
            return
        left = self._idle_since + self._seconds - self._loop.time()
        if left > 0:
            self._timer = self._loop.call_later(left, self._check)
        else:
            self._on_timeout()


def never() -> bool:
    """Nothing is missed any more."""
    return False


def nothing() -> None:
    """Nobody is left to give up on."""
