"""How a stream begins: with what its source opens with, executed for it alone, or once for all that wait for the same.

Crowds come back at once, all from the same place. While one of them takes the first step of its beginning, the others
that want the same gather, and the next one takes all steps for them, too. So nobody is told what was read before it
asked, and nobody waits for who is slow to read.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Hashable
from typing import TypeAlias, cast

from transport.execution import is_task_cancelled
from transport.subscriptions.backpressure import SubscriberLimits
from transport.subscriptions.event_executor import EventExecutor, SubscriptionQuery
from transport.subscriptions.responses import Frame
from transport.subscriptions.source import CaughtUp, Item

Step: TypeAlias = Frame | CaughtUp | None
"""A result; or that the stream has joined its group; or that it is over. It is over after a failed frame, too."""


class CatchUp:
    """The steps of one stream, before it is told what its group is."""

    __slots__ = ("_after", "_executor", "_following", "_items", "_prefetched", "_query")

    def __init__(self, query: SubscriptionQuery, after: str | None, following: asyncio.Event) -> None:
        self._query = query
        self._after = after
        self._following = following
        self._prefetched: deque[Step] = deque()
        self._items: AsyncIterator[Item | CaughtUp] | None = None
        self._executor: EventExecutor | None = None

    @property
    def has_prefetched(self) -> bool:
        """Whether the next step is known."""
        return bool(self._prefetched)

    async def next_step(self) -> Step:
        """The next step, which nothing follows where it is no frame, or a failed one."""
        return self._prefetched.popleft() if self._prefetched else await self._read_step()

    async def prefetch(self, max_bytes: int) -> tuple[Step, ...] | None:
        """Take at least one step, and then until `most` bytes are ahead: all there are, where others may have them."""
        length = 0
        while True:
            step = await self._read_step()
            self._prefetched.append(step)
            if not isinstance(step, Frame):
                return tuple(self._prefetched) if step is not None and step.accepts is None else None
            length += len(step.payload)
            if step.failed or length >= max_bytes:
                return None

    def replay(self, steps: tuple[Step, ...]) -> None:
        """Take these, which another stream has taken, instead of its own."""
        self._prefetched.extend(steps)

    async def _read_step(self) -> Step:
        try:
            async with self._query.deadline() as deadline:
                item = await anext(await self._open_items(), None)
        except TimeoutError as error:
            return self._query.timeout_frame() if deadline.expired() else self._query.error_frame(error)
        except Exception as error:  # the source is the resolver's: it may raise anything
            return self._query.error_frame(error)
        except asyncio.CancelledError as error:
            if is_task_cancelled():
                raise
            return self._query.error_frame(error)
        # `isinstance` would take 20 times as long: it compares all members of a protocol, each time.
        if item is None or hasattr(item, "through"):
            return cast("CaughtUp | None", item)
        assert self._executor is not None, "made when the source was opened"
        return await self._executor.execute(item)

    async def _open_items(self) -> AsyncIterator[Item | CaughtUp]:
        if self._items is None:
            await self._following.wait()  # nothing may happen between what is read and what the group is told
            self._executor = self._query.event_executor()
            self._items = self._query.source.open(self._after)
        return self._items

    async def close(self) -> None:
        """Close what the source has opened."""
        items, self._items, self._executor = self._items, None, None
        if isinstance(items, AsyncGenerator):
            try:
                await items.aclose()
            except Exception as error:  # nobody is left to be told: it is logged
                self._query.error_frame(error)


class CoalescedGroup:
    """Streams that wait for the same steps. The first of them takes them."""

    __slots__ = ("abandoned", "closed", "done", "has_followers", "previous", "steps")

    def __init__(self, previous: "CoalescedGroup | None") -> None:
        self.previous = previous
        """Who has to be through first, until it is."""
        self.has_followers = False
        """Whether the first one is not alone."""
        self.closed = False
        """The steps are being taken: who comes now would be told what was read before."""
        self.done = asyncio.Event()
        self.steps: tuple[Step, ...] | None = None
        """What all of them may have; None: each has to see for itself."""
        self.abandoned = True
        """Whether the first one has left before it was over."""


class CatchUpCoalescer:
    """The streams of one group that are about to begin."""

    def __init__(self) -> None:
        self._latest: dict[Hashable, CoalescedGroup] = {}

    async def start(
        self, key: Hashable, catch_up: CatchUp, limits: SubscriberLimits, is_closed: Callable[[], bool]
    ) -> None:
        """Wait until the first step is known, or the stream is cut.

        Args:
            key: equal for streams of the group that begin with the same.
            beginning: of the one stream.
            terms: whose turns are to be had for taking steps; results longer than its queue are not kept for others.
            is_cut: whether the server has ended the stream.
        """
        while True:
            latest = self._latest.get(key)
            if latest is None or latest.closed:
                return await self._run_leader(key, CoalescedGroup(latest), catch_up, limits, is_closed)
            latest.has_followers = True
            await latest.done.wait()
            if latest.steps is not None:
                return catch_up.replay(latest.steps)
            if not latest.abandoned:
                return None

    async def _run_leader(
        self,
        key: Hashable,
        group: CoalescedGroup,
        catch_up: CatchUp,
        limits: SubscriberLimits,
        is_closed: Callable[[], bool],
    ) -> None:
        self._latest[key] = group
        try:
            if group.previous is not None:
                await group.previous.done.wait()
                group.previous = None
            async with limits.catch_up_slots:
                await asyncio.sleep(0)  # who comes at the same moment is among the others
                if is_closed():
                    return
                group.closed = True
                group.steps = await catch_up.prefetch(limits.queue_bytes if group.has_followers else 0)
            group.abandoned = False
        finally:
            group.closed = True
            group.done.set()
            self._forget(key, group)

    def _forget(self, key: Hashable, group: CoalescedGroup) -> None:
        if self._latest.get(key) is not group:
            return
        if group.previous is None or group.previous.done.is_set():
            del self._latest[key]
        else:
            self._latest[key] = group.previous
