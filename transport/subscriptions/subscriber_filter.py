"""What one subscriber is given of what its group is told."""

from collections.abc import Callable

from transport.subscriptions.responses import Frame
from transport.subscriptions.source import Item, Joined, Source


class Choice:
    """Leaves out what a subscriber's own beginning excludes, and, where the source says so, what it was given last."""

    __slots__ = ("_distinct", "_last", "_passes")

    def __init__(self, source: Source) -> None:
        self._distinct = source.distinct
        self._last: bytes | None = None
        self._passes: Callable[[Item], bool] | None = None

    @property
    def is_all(self) -> bool:
        """Whether the subscriber is given everything: nothing has to be picked then."""
        return self._passes is None and not self._distinct

    def join(self, joined: Joined) -> None:
        """The subscriber begins anew: what is asked of frames is what this says."""
        self._passes = joined.passes

    def pick(self, frame: Frame) -> Frame | None:
        """A frame of the group if the subscriber is given it. To be asked of each once, in order."""
        if frame.item is not None and self._passes is not None and not self._passes(frame.item):
            return None
        return None if frame.payload == self._last else frame

    def give(self, frame: Frame) -> None:
        """The subscriber is given a frame, of the group or of its own beginning."""
        if self._distinct and frame.item is not None:
            self._last = frame.payload
