"""What a subscription field answers: where one stream begins, and what all streams of one meaning are told."""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Hashable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import ClassVar

from resolvers.access import Caller
from resolvers.context import Context, open_context
from resolvers.feed.consumer import LogConsumer
from resolvers.feed.messages import CaughtUp, FeedItem


class Source(ABC):
    """One subscription of one caller.

    Items are executed for all callers whose sources have the same key, in a context that knows no more of them than
    the key has in it: their scopes and projects. So what one of them is told, every one of them may know.
    """

    distinct: ClassVar[bool] = False
    """Whether a stream is told only what differs from what it was told last."""
    resume_arguments: ClassVar[frozenset[str]] = frozenset({"after"})
    """The arguments of the field that decide only where a stream begins."""

    def __init__(self, context: Context, *group_key: Hashable) -> None:
        """
        Args:
            context: of the operation that subscribes.
            meaning: the arguments that decide what follows.
        """
        caller = context.caller
        self.log_reader = context.services.log_reader
        self.services = context.services
        self.caller = Caller("", "", caller.scopes, caller.project_ids)
        self.key: Hashable = (type(self).__name__, caller.scopes, caller.project_ids, group_key)

    @abstractmethod
    def open(self, after: str | None) -> AsyncIterator[FeedItem | CaughtUp]:
        """One stream's own beginning, the last of which is `Joined`.

        Args:
            after: the cursor to go on from; null: as the field's own argument says.

        Raises:
            BadUserInput: it is no cursor.
        """

    @abstractmethod
    def consumer(self) -> LogConsumer:
        """What turns the log into items for all streams with this key."""

    def follow(self) -> AbstractAsyncContextManager[AsyncIterator[FeedItem]]:
        """What all streams with this key are told, from the moment of entering on, until the server stops."""
        return self.log_reader.subscribed(self.consumer())

    @asynccontextmanager
    async def context(self) -> AsyncIterator[Context]:
        """A fresh context, to execute one item in."""
        yield await open_context(self.services, self.caller)

    def __aiter__(self) -> AsyncIterator[FeedItem]:
        raise TypeError("a source is opened and followed; only so is nothing lost between the two")
