"""What a subscription field's resolver returns: a source of items, in a form that can be shared and resumed.

The forms are structural: whoever resolves subscriptions has classes of its own that fit, and imports nothing from here.
The field's `resolve` gives back its root value, which is the item's payload: `lambda root, info, **arguments: root`.
"""

from collections.abc import AsyncIterator, Callable, Hashable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol, runtime_checkable


@runtime_checkable
class Item(Protocol):
    """One thing that happened."""

    @property
    def payload(self) -> Any:
        """The root value to execute the selection on."""

    @property
    def sequence(self) -> int:
        """What a stream knows if it began behind it. Several may share one, and it need not grow from item to item:
        what waited to be told is known to streams that began meanwhile, and what overtook it is not.
        """

    @property
    def cursor(self) -> str | None:
        """Where a stream may resume after this item; None: it cannot be resumed here."""


@runtime_checkable
class CaughtUp(Protocol):
    """The last thing that `Source.open` yields."""

    @property
    def through(self) -> int:
        """The position up to which the stream now knows everything: what others are told from here on, it is too."""

    @property
    def accepts(self) -> Callable[[Item], bool] | None:
        """Which of these others' items the stream is told, too; to be asked of each once, in order. None: all."""

    @property
    def cursor(self) -> str | None:
        """Where the stream may resume if it is told nothing more; None: where its last item says."""


@runtime_checkable
class Buffered(Protocol):
    """May be true of what `Source.follow` gives. What happens at a stretch is told at a stretch then: it costs less."""

    def take_ready(self, limit: int) -> Sequence[Item]:
        """The next items that are there already, at most so many. They are taken."""


@runtime_checkable
class Source(Protocol):
    """Where the items of one subscription come from."""

    @property
    def key(self) -> Hashable:
        """Everything that a resolver may read of the caller, and the arguments that decide what follows. Streams whose
        keys differ never share."""

    @property
    def resume_arguments(self) -> frozenset[str]:
        """The field's arguments that only decide where a stream begins."""

    @property
    def distinct(self) -> bool:
        """Whether a stream is given only results that differ from the last one that it was given."""

    def open(self, after: str | None) -> AsyncIterator[Item | CaughtUp]:
        """One stream's own beginning: a snapshot, or what it missed. If it ends without Joined, the stream is over.

        Args:
            after: the cursor of the last item that the client has; None: as the field's own argument says.
        """

    def follow(self) -> AbstractAsyncContextManager[AsyncIterator[Item]]:
        """What everybody with this key is told from the moment of entering on."""

    def context(self) -> AbstractAsyncContextManager[Any]:
        """A fresh context of the same caller, to execute one item in. What it raises ends the stream."""

    def __aiter__(self) -> AsyncIterator[Any]:
        """Never used: graphql-core wants something that can be iterated."""
