"""Source of a subscription: what a subscription field's resolver returns."""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Hashable
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import ClassVar

from resolvers.access import without_identity
from resolvers.context import Context, open_context
from resolvers.feed.consumer import LogConsumer
from resolvers.feed.messages import CaughtUp, FeedItem


class Source(ABC):
    """One subscription of one caller; implements the transport's `Source` protocol.

    Items are executed once for all callers whose sources have the same key, and events once for all with the same
    access, in a context that knows nothing of the caller but what the keys contain: scopes and projects. So each may
    see what the others see.
    """

    distinct: ClassVar[bool] = False
    """Whether a stream skips items whose result equals the previous one."""
    resume_arguments: ClassVar[frozenset[str]] = frozenset({"after"})
    """Arguments of the field that only decide where a stream starts."""
    item_arguments: ClassVar[frozenset[str]] = resume_arguments
    """Arguments of the field that only decide which items a stream has, and when."""

    def __init__(self, context: Context, *group_key: Hashable) -> None:
        """
        Args:
            context: of the operation that subscribes.
            group_key: the arguments that decide what follows.
        """
        caller = context.caller
        self.services = context.services
        self.log_reader = context.services.log_reader
        self.caller = without_identity(caller)
        self.access: Hashable = caller.scopes, caller.project_ids
        """Equal for sources whose callers may see the same."""
        self.key: Hashable = (type(self).__name__, self.access, group_key)

    def context(self, item: FeedItem) -> AbstractAsyncContextManager[Context]:
        """Return the context for executing an item."""
        if item.event is None:
            return open_context(self.services, self.caller)
        rows = item.event.rows
        return nullcontext(Context(self.services, self.caller, rows.now, batch_rows=rows))

    @abstractmethod
    def open(self, after: str | None) -> AsyncIterator[FeedItem | CaughtUp]:
        """Iterate over one stream's catch-up, whose last item is `CaughtUp`.

        Args:
            after: cursor to resume from; null: the one in the field's own argument, if any.

        Raises:
            BadUserInput: it is not a cursor.
        """

    @abstractmethod
    def consumer(self) -> LogConsumer:
        """Create the consumer that produces the items of all streams with this key."""

    def follow(self) -> AbstractAsyncContextManager[AsyncIterator[FeedItem]]:
        """Iterate over the items of all streams with this key, from entering on until the server stops."""
        return self.log_reader.subscribed(self.consumer())

    def __aiter__(self) -> AsyncIterator[FeedItem]:
        raise TypeError("open and follow a source instead: only together do they lose nothing")
