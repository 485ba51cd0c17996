"""The answer to one operation as a stream of encoded results, whatever carries them to the client."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal, Self, TypeAlias

from transport.documents.operation import Operation
from transport.results import OperationResult
from transport.subscriptions.source import Item

ResponseKind: TypeAlias = Literal["single", "subscription", "incremental"]


class StreamClosed(Exception):
    """The server ends a stream that is not over: the client may come back, with the last cursor it saw."""


class SlowConsumer(StreamClosed):
    """The client took nothing for longer than `Limits.stream_stall_seconds`, though something waited for it."""


class ServerShutdown(StreamClosed):
    """The server stops."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One result on its way to a client. Streams that were asked for heartbeats give frames without payload, too."""

    payload: bytes
    """The result as JSON, on one line."""
    cursor: str | None = None
    """Where the client may resume after it."""
    failed: bool = False
    """The stream itself failed, not a field: the payload has `errors` alone, and nothing comes after it."""
    item: Item | None = field(default=None, compare=False)
    """What it is the result of, if that is an item of a source."""


HEARTBEAT = Frame(b"")


class FrameStream:
    """The frames of an answer, one after the other.

    Raises StreamCut where the server ends the stream. One task reads and closes; it must close, however the stream
    ended.
    """

    __slots__ = ("on_slow_consumer", "try_send")

    try_send: Callable[[Sequence[Frame]], bool] | None
    """Asked before a subscription wakes its reader, which has taken all before: True if it has sent the frames, at once
    and without waiting, as the line was free; False: none of them. That saves most of what a delivery costs. None of
    them has failed. It must not raise."""
    on_slow_consumer: Callable[[], None] | None
    """Called when the stream is cut for being too slow: its reader is stuck in sending, and hears of nothing raised."""

    def __init__(self) -> None:
        self.try_send = None
        self.on_slow_consumer = None

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Frame:
        raise StopAsyncIteration

    async def aclose(self) -> None:
        """Stop the work, and let go of what it holds."""


class SingleFrame(FrameStream):
    """One frame that is ready."""

    __slots__ = ("_frame",)

    def __init__(self, payload: bytes) -> None:
        super().__init__()
        self._frame: Frame | None = Frame(payload)

    async def __anext__(self) -> Frame:
        if self._frame is None:
            raise StopAsyncIteration
        frame, self._frame = self._frame, None
        return frame


@dataclass(slots=True)
class StreamResponse:
    """What `Streams.open` gives."""

    frames: FrameStream
    """Must be closed: `await answer.frames.aclose()`, by the task that reads them."""
    kind: ResponseKind
    """single: one frame. subscription: any number. incremental: the parts of one result."""
    operation: Operation | None = None
    """None where the request did not get as far."""
    result: OperationResult = field(default_factory=lambda: OperationResult({}))
    """Of a single answer: what its frame holds, not yet encoded, with the statuses for HTTP."""
    refused: bool = False
    """Nothing was executed: the one frame has `errors` alone."""
