"""What one subscriber is given of what its group is told."""

from collections.abc import Callable

from transport.subscriptions.responses import Frame
from transport.subscriptions.source import CaughtUp, Item, Source


class SubscriberFilter:
    """Leaves out what a subscriber's own beginning excludes, and, where the source says so, what it was given last."""

    __slots__ = ("_accepts", "_distinct", "_last_payload")

    def __init__(self, source: Source) -> None:
        self._distinct = source.distinct
        self._last_payload: bytes | None = None
        self._accepts: Callable[[Item], bool] | None = None

    @property
    def accepts_all(self) -> bool:
        """Whether the subscriber is given everything: nothing has to be picked then."""
        return self._accepts is None and not self._distinct

    def caught_up(self, marker: CaughtUp) -> None:
        """The subscriber begins anew: what is asked of frames is what this says."""
        self._accepts = marker.accepts

    def accept(self, frame: Frame) -> Frame | None:
        """A frame of the group if the subscriber is given it. To be asked of each once, in order."""
        if frame.item is not None and self._accepts is not None and not self._accepts(frame.item):
            return None
        return None if frame.payload == self._last_payload else frame

    def sent(self, frame: Frame) -> None:
        """The subscriber is given a frame, of the group or of its own beginning."""
        if self._distinct and frame.item is not None:
            self._last_payload = frame.payload
