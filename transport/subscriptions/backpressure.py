"""Bounds on what one subscriber leaves unread."""

import asyncio
import sys
from collections import deque
from collections.abc import Iterable

from transport.subscriptions.responses import HEARTBEAT, Frame


class BoundedFrameQueue:
    """Queue of frames, bounded by the length of their payloads."""

    __slots__ = ("_frames", "_max_bytes", "bytes")

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        # None while it is empty: an empty deque takes 700 bytes of each idle subscriber.
        self._frames: deque[Frame] | None = None
        self.bytes = 0

    def __bool__(self) -> bool:
        return bool(self._frames)

    def has_room(self, frame: Frame) -> bool:
        return self.bytes + len(frame.payload) <= self._max_bytes

    def put(self, frame: Frame) -> None:
        """Append a frame, even if it does not fit."""
        if self._frames is None:
            self._frames = deque()
        self._frames.append(frame)
        self.bytes += len(frame.payload)

    def put_all(self, frames: Iterable[Frame]) -> None:
        for frame in frames:
            self.put(frame)

    def take(self) -> Frame:
        assert self._frames, "the caller has checked"
        frame = self._frames.popleft()
        self.bytes -= len(frame.payload)
        if not self._frames:
            self._frames = None
        return frame

    def drop_through(self, sequence: int) -> None:
        kept = [frame for frame in self._frames or () if is_after(frame, sequence)]
        self.clear()
        self.put_all(kept)

    def clear(self) -> None:
        self._frames = None
        self.bytes = 0


class Handoff:
    """Passes one frame at a time to a reader that is waiting; a heartbeat, if it waits long."""

    __slots__ = ("_heartbeat_seconds", "_loop", "_reader")

    def __init__(self, loop: asyncio.AbstractEventLoop, heartbeat_seconds: float | None) -> None:
        self._loop = loop
        self._heartbeat_seconds = heartbeat_seconds
        self._reader: asyncio.Future[Frame | None] | None = None

    @property
    def has_waiter(self) -> bool:
        return self._reader is not None and not self._reader.done()

    def wait(self) -> asyncio.Future[Frame | None]:
        """Return a future of the next frame; its result is None if the reader has to look at its stream again."""
        self._reader = reader = self._loop.create_future()
        if self._heartbeat_seconds is not None:
            timer = self._loop.call_later(self._heartbeat_seconds, self.deliver, HEARTBEAT)
            reader.add_done_callback(lambda _: timer.cancel())
        return reader

    def deliver(self, frame: Frame | None = None) -> None:
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(frame)


def is_after(frame: Frame, sequence: int | None) -> bool:
    """Return whether a frame comes after a sequence number. A frame without one ends its stream: it always does."""
    return sequence is None or frame.sequence is None or frame.sequence > sequence


def is_never_covered(frame: Frame) -> bool:
    """Return whether no catch-up covers the frame's item."""
    return frame.sequence == sys.maxsize
