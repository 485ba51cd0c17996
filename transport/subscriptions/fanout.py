"""Fan-out: subscriptions with equal queries share each execution and encoding of an item."""

import asyncio
from collections.abc import Hashable, Mapping, Sequence
from math import inf
from typing import Any, Final, Protocol

from transport.deadlines import is_task_cancelled
from transport.documents.operation import Operation, variables_key
from transport.settings import Limits
from transport.subscriptions.catch_up import MAX_CONCURRENT_CATCH_UPS, CatchUpCoalescer
from transport.subscriptions.event_executor import EventExecutor, SubscriptionQuery, query_key, variables_of
from transport.subscriptions.responses import Frame
from transport.subscriptions.source import Buffered, Item, Source
from transport.subscriptions.turns import Pace, Turns

BUNDLE_SIZE: Final = 32
"""Most items in a bundle."""
BUNDLE_BYTES: Final = 64 * 1024
"""Length of results that completes a bundle, as each subscriber may have to queue it whole."""
YIELD_EVERY: Final = 200
"""Deliveries of all groups before other tasks have their turn: a few milliseconds."""


def group_keys(operation: Operation, variables: Mapping[str, Any], source: Source) -> tuple[Hashable, Hashable]:
    """Return a key of the fan-out group, and within it a key of equal catch-ups.

    Together they must contain everything that a resolver may read, or a caller would see what another may.
    """
    resume = variables_of(operation, source.resume_arguments)
    start = {name: value for name, value in variables.items() if name in resume}
    return query_key(operation, variables, resume, source.key), variables_key(start)


class Bundle:
    """Frames that are delivered together."""

    __slots__ = ("cursor", "frames", "min_sequence", "size")

    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self.min_sequence: float = inf
        self.cursor: str | None = None
        """Where a subscriber may resume after all frames."""
        self.size = 0

    def add(self, frame: Frame, sequence: int) -> None:
        """Append the frame of an item with this sequence number."""
        self.min_sequence = min(self.min_sequence, sequence)
        self.frames.append(frame)
        self.cursor = frame.cursor or self.cursor
        self.size += len(frame.payload)


class Subscriber(Protocol):
    """A member of a fan-out group; `subscriber.SubscriberStream` implements it."""

    def push(self, bundle: Bundle) -> None:
        """Send or queue frames."""

    def finish(self, frame: Frame | None) -> None:
        """End the stream, after a last frame if there is one."""


class DeliveryBudget:
    """Deliveries in one iteration of the event loop: thousands of groups may have items at once."""

    def __init__(self) -> None:
        self._used = 0

    async def take(self, wanted: int) -> int:
        """Return how many of the wanted deliveries may be made now: at least one, when others have had their turn."""
        while self._used >= YIELD_EVERY:  # noqa: ASYNC110 - each iteration of the loop renews it
            await asyncio.sleep(0)
        if not self._used:
            asyncio.get_running_loop().call_soon(self._renew)
        taken = min(wanted, YIELD_EVERY - self._used)
        self._used += taken
        return taken

    def _renew(self) -> None:
        self._used = 0


class FanoutRegistry:
    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.catch_up_slots = asyncio.Semaphore(MAX_CONCURRENT_CATCH_UPS)
        self.turns = Turns()
        self.budget = DeliveryBudget()
        self._groups: dict[Hashable, FanoutGroup] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._groups)

    def join(self, key: Hashable, query: SubscriptionQuery, subscriber: Subscriber) -> "FanoutGroup":
        """Add a subscriber to the group with the key, which is created if necessary."""
        group = self._groups.get(key)
        if group is None:
            catch_ups = CatchUpCoalescer(self.catch_up_slots, self.limits.stream_queue_bytes)
            group = self._groups[key] = FanoutGroup(key, query, catch_ups, Pace(self.turns), self.budget)
            task = asyncio.create_task(self._run(group))
            group.task = task
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        group.subscribers[subscriber] = None
        return group

    def leave(self, group: "FanoutGroup", subscriber: Subscriber) -> None:
        """Remove a subscriber. The last one ends the group."""
        group.subscribers.pop(subscriber, None)
        if not group.subscribers and group.task is not None:
            self._forget(group)
            group.task.cancel()
            group.task = None  # breaks the cycle group → task → group

    async def _run(self, group: "FanoutGroup") -> None:
        try:
            await group.run()
        finally:
            self._forget(group)

    def _forget(self, group: "FanoutGroup") -> None:
        if self._groups.get(group.key) is group:
            del self._groups[group.key]


class FanoutGroup:
    """Follows one source for all its subscribers."""

    def __init__(
        self,
        key: Hashable,
        query: SubscriptionQuery,
        catch_ups: CatchUpCoalescer,
        pace: Pace,
        budget: DeliveryBudget,
    ) -> None:
        self.key = key
        self.subscribers: dict[Subscriber, None] = {}
        self.following = asyncio.Event()
        """Set once no item is missed any more; also if following failed."""
        self.task: asyncio.Task[None] | None = None
        self.catch_ups = catch_ups
        self._query = query
        self._pace = pace
        self._budget = budget

    async def run(self) -> None:
        last: Frame | None
        try:
            last = await self._follow()
        except Exception as error:  # the source is the resolver's: it may raise anything
            last = self._query.error_frame(error)
        except asyncio.CancelledError as error:
            if is_task_cancelled():
                self.following.set()  # streams that the server has closed may wait for it
                raise
            last = self._query.error_frame(error)
        finally:
            self._pace.close()
        for subscriber in self.subscribers:
            subscriber.finish(last)
        self.following.set()

    async def _follow(self) -> Frame | None:
        source = self._query.source
        executor = self._query.event_executor()
        async with source.follow() as items:
            self.following.set()
            self._pace.follow(items)
            take_ready = items.take_ready if isinstance(items, Buffered) else None
            async for item in items:
                ready = take_ready(BUNDLE_SIZE - 1) if take_ready is not None else ()
                last = await self._publish(executor, (item, *ready))
                if last is not None:
                    return last
                if take_ready is None or len(ready) == BUNDLE_SIZE - 1:
                    # A source with many items ready never waits by itself: let subscribers send before they get more.
                    await asyncio.sleep(0)
                del item, ready  # an idle group would keep its last event in memory
        return None

    async def _publish(self, executor: EventExecutor, items: Sequence[Item]) -> Frame | None:
        """Execute and deliver items. Returns a failed frame, which ends the group."""
        bundle = Bundle()
        self._pace.begin(len(items))
        frames = await executor.shared_frames(items)
        if frames is None:
            await self._pace.take_turn()
            frames = await executor.execute_all(items)
            self._pace.end_turn()
        for item, frame in zip(items, frames, strict=True):
            if frame.failed:
                await self._deliver(bundle)
                return frame
            bundle.add(frame, item.sequence)
            if bundle.size >= BUNDLE_BYTES:
                await self._deliver(bundle)
                await asyncio.sleep(0)
                bundle = Bundle()
        await self._deliver(bundle)
        self._pace.finish()
        return None

    async def _deliver(self, bundle: Bundle) -> None:
        # Subscribers that join during the delivery cover this bundle by their catch-up.
        subscribers = tuple(self.subscribers) if bundle.frames else ()
        done = 0
        while done < len(subscribers):
            until = done + await self._budget.take(len(subscribers) - done)
            for subscriber in subscribers[done:until]:
                if subscriber not in self.subscribers:
                    continue
                try:
                    subscriber.push(bundle)
                except Exception as error:  # too little memory, for one must not end the others
                    subscriber.finish(self._query.error_frame(error))
            done = until
