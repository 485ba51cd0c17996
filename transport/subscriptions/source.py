"""Protocol of a subscription field's resolver: it returns a source, which can be shared and resumed.

The types are structural: a resolver's own classes match them without an import from here. The field's `resolve` must
return its root value, which is the item's payload: `lambda root, info, **arguments: root`.
"""

from collections.abc import AsyncIterator, Hashable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol, runtime_checkable


class Event(Protocol):
    """What items of several sources have in common: all but the cursor.

    Groups with equal selections and equal `Source.access` share its execution.
    """

    @property
    def placeholder(self) -> str | None:
        """Text in the payload of its items that stands for their cursors, and is replaced in the results. No other
        value may contain it. None: the results are the same for all items.
        """

    @property
    def results(self) -> dict[Hashable, Any]:
        """Empty at first; the transport keeps its results here, so that they live as long as the event."""


@runtime_checkable
class Item(Protocol):
    """One event of one source."""

    @property
    def payload(self) -> Any:
        """The root value for the execution of the subscription; the same for all items of an event."""

    @property
    def sequence(self) -> int:
        """Compared with `CaughtUp.through`. Items may share a number, and it need not grow from item to item: an item
        that was held back is covered by streams that caught up meanwhile, and the items that overtook it are not.
        No catch-up covers `sys.maxsize`: such an item reaches every stream of the group.
        """

    @property
    def cursor(self) -> str | None:
        """Where a stream may resume after this item; None where it cannot."""

    @property
    def event(self) -> Event | None:
        """What it has in common with items of other sources; None if nothing."""


@runtime_checkable
class CaughtUp(Protocol):
    """The last element of `Source.open`: from here on the stream takes the items of its group."""

    @property
    def through(self) -> int:
        """The sequence number that the stream has covered: it skips items up to it."""

    @property
    def cursor(self) -> str | None:
        """Where the stream may resume before its next item; None: after its last item."""


@runtime_checkable
class Buffered(Protocol):
    """Optional interface of the iterator that `Source.follow` enters: ready items are delivered in one bundle."""

    @property
    def backlog(self) -> int:
        """How many items are ready, or will be as soon as those are taken; for a measure of how late they will be."""

    def take_ready(self, limit: int) -> Sequence[Item]:
        """Remove and return up to `limit` items that are ready."""


@runtime_checkable
class Source(Protocol):
    """The items of one subscription."""

    @property
    def key(self) -> Hashable:
        """Everything that resolvers may read of the caller, and the arguments that select items. Streams share a group
        only if their keys are equal.
        """

    @property
    def access(self) -> Hashable:
        """Everything that resolvers may read of the caller. Groups share the execution of an event only if it is equal,
        and so are document and variables, but for those of `item_arguments`.
        """

    @property
    def resume_arguments(self) -> frozenset[str]:
        """Arguments of the field that only decide where a stream begins."""

    @property
    def item_arguments(self) -> frozenset[str]:
        """Arguments of the field that only decide which items there are, and when: those to resume, and others. They
        must be nullable, as the live items are executed without variables that are used for nothing else.
        """

    @property
    def distinct(self) -> bool:
        """Whether a result is skipped that equals the last one sent."""

    def open(self, after: str | None) -> AsyncIterator[Item | CaughtUp]:
        """Iterate over the catch-up of one stream: a snapshot, or what it missed. Ends the stream without `CaughtUp`.

        Args:
            after: cursor of the last item that the client received; None: as the field's argument says.
        """

    def follow(self) -> AbstractAsyncContextManager[AsyncIterator[Item]]:
        """Enter the live items of all streams with this key."""

    def context(self, item: Any) -> AbstractAsyncContextManager[Any]:
        """Enter a context of the same caller for one of its items. An exception ends the stream."""

    def __aiter__(self) -> AsyncIterator[Any]:
        """Unused; graphql-core requires an async iterable."""
