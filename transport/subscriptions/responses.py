"""Response to an operation as a stream of encoded results, whatever transport carries it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal, Self

from transport.documents.operation import Operation
from transport.results import OperationResult


@dataclass(frozen=True, slots=True)
class StreamOptions:
    """What a client wants of its stream."""

    after: str | None = None
    """Cursor after which a subscription resumes; overrides its argument."""
    incremental: bool = True
    """Whether the client accepts incremental delivery; otherwise @defer is ignored."""
    heartbeat_seconds: float | None = None
    """Interval of heartbeats in an idle subscription; None for no heartbeats."""


DEFAULT_OPTIONS = StreamOptions()


class StreamClosed(Exception):
    """The server closed a stream that had not ended. The client may resume after its last cursor."""


class AccessEnded(StreamClosed):
    """The client's access has ended."""


class SlowConsumer(StreamClosed):
    """The client read nothing for `Limits.stream_stall_seconds` while results were pending."""


class ServerShutdown(StreamClosed):
    """The server is stopping."""


@dataclass(slots=True)  # not frozen: that takes a microsecond, as long as all else that makes a shared frame
class Frame:
    """One encoded result, which is not changed. A frame without payload is a heartbeat."""

    payload: bytes
    """JSON in one line."""
    cursor: str | None = None
    """Where the client may resume after this frame."""
    failed: bool = False
    """Whether the stream failed as a whole: the payload has only `errors`, and this is the last frame."""
    sequence: int | None = field(default=None, compare=False)
    """Of the source's item. The item itself would stay in memory with the frame."""


HEARTBEAT = Frame(b"")


class FrameStream:
    """Async iterator over frames. Raises StreamClosed when the server closes the stream.

    One task iterates, and must call `aclose` at the end.
    """

    __slots__ = ("on_slow_consumer", "try_send")

    try_send: Callable[[Sequence[Frame]], bool] | None
    """Called by a subscription instead of waking its reader, which saves most of the cost of a delivery. It returns
    False, and sends none of the frames, where it would have to wait. Must not raise."""
    on_slow_consumer: Callable[[], None] | None
    """Called when the stream is closed for a slow consumer: its reader is blocked in sending, and sees no exception."""

    def __init__(self) -> None:
        self.try_send = None
        self.on_slow_consumer = None

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Frame:
        raise StopAsyncIteration

    async def aclose(self) -> None:
        """Stop the work and release its resources."""


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
    """What `StreamManager.open` returns. The task that reads `frames` must close it."""

    frames: FrameStream
    kind: Literal["single", "subscription", "incremental"]
    """single: one frame; incremental: the parts of one result."""
    operation: Operation | None = None
    """None if the request did not resolve to an operation."""
    result: OperationResult = field(default_factory=lambda: OperationResult({}))
    """Of a single response: its result before encoding, with the HTTP statuses."""
    refused: bool = False
    """Whether nothing was executed: the only frame has only `errors`."""
