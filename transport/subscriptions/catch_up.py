"""How a stream begins: with what its source opens with, executed for it alone, or once for all that wait for the same.

Crowds come back at once, all from the same place. While one of them takes the first step of its beginning, the others
that want the same gather, and the next one takes all steps for them, too. So nobody is told what was read before it
asked, and nobody waits for who is slow to read.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Hashable
from typing import TypeAlias, cast

from transport.execution import is_cancelled
from transport.subscriptions.backpressure import Terms
from transport.subscriptions.event_executor import Runner, Selection
from transport.subscriptions.responses import Frame
from transport.subscriptions.source import Item, Joined

Step: TypeAlias = Frame | Joined | None
"""A result; or that the stream has joined its group; or that it is over. It is over after a failed frame, too."""


class Beginning:
    """The steps of one stream, before it is told what its group is."""

    __slots__ = ("_after", "_ahead", "_following", "_items", "_runner", "_selection")

    def __init__(self, selection: Selection, after: str | None, following: asyncio.Event) -> None:
        self._selection = selection
        self._after = after
        self._following = following
        self._ahead: deque[Step] = deque()
        self._items: AsyncIterator[Item | Joined] | None = None
        self._runner: Runner | None = None

    @property
    def is_ahead(self) -> bool:
        """Whether the next step is known."""
        return bool(self._ahead)

    async def step(self) -> Step:
        """The next step, which nothing follows where it is no frame, or a failed one."""
        return self._ahead.popleft() if self._ahead else await self._take()

    async def look_ahead(self, most: int) -> tuple[Step, ...] | None:
        """Take at least one step, and then until `most` bytes are ahead: all there are, where others may have them."""
        length = 0
        while True:
            step = await self._take()
            self._ahead.append(step)
            if not isinstance(step, Frame):
                return tuple(self._ahead) if step is not None and step.passes is None else None
            length += len(step.payload)
            if step.failed or length >= most:
                return None

    def repeat(self, steps: tuple[Step, ...]) -> None:
        """Take these, which another stream has taken, instead of its own."""
        self._ahead.extend(steps)

    async def _take(self) -> Step:
        try:
            async with self._selection.deadline() as deadline:
                item = await anext(await self._opened(), None)
        except TimeoutError as error:
            return self._selection.late() if deadline.expired() else self._selection.failed(error)
        except Exception as error:  # the source is the resolver's: it may raise anything
            return self._selection.failed(error)
        except asyncio.CancelledError as error:
            if is_cancelled():
                raise
            return self._selection.failed(error)
        # `isinstance` would take 20 times as long: it compares all members of a protocol, each time.
        if item is None or hasattr(item, "joined"):
            return cast("Joined | None", item)
        assert self._runner is not None, "made when the source was opened"
        return await self._runner.frame(item)

    async def _opened(self) -> AsyncIterator[Item | Joined]:
        if self._items is None:
            await self._following.wait()  # nothing may happen between what is read and what the group is told
            self._runner = self._selection.runner()
            self._items = self._selection.source.open(self._after)
        return self._items

    async def close(self) -> None:
        """Close what the source has opened."""
        items, self._items, self._runner = self._items, None, None
        if isinstance(items, AsyncGenerator):
            try:
                await items.aclose()
            except Exception as error:  # nobody is left to be told: it is logged
                self._selection.failed(error)


class Batch:
    """Streams that wait for the same steps. The first of them takes them."""

    __slots__ = ("before", "closed", "given_up", "others", "over", "steps")

    def __init__(self, before: "Batch | None") -> None:
        self.before = before
        """Who has to be through first, until it is."""
        self.others = False
        """Whether the first one is not alone."""
        self.closed = False
        """The steps are being taken: who comes now would be told what was read before."""
        self.over = asyncio.Event()
        self.steps: tuple[Step, ...] | None = None
        """What all of them may have; None: each has to see for itself."""
        self.given_up = True
        """Whether the first one has left before it was over."""


class Beginnings:
    """The streams of one group that are about to begin."""

    def __init__(self) -> None:
        self._newest: dict[Hashable, Batch] = {}

    async def begin(self, key: Hashable, beginning: Beginning, terms: Terms, is_cut: Callable[[], bool]) -> None:
        """Wait until the first step is known, or the stream is cut.

        Args:
            key: equal for streams of the group that begin with the same.
            beginning: of the one stream.
            terms: whose turns are to be had for taking steps; results longer than its queue are not kept for others.
            is_cut: whether the server has ended the stream.
        """
        while True:
            newest = self._newest.get(key)
            if newest is None or newest.closed:
                return await self._lead(key, Batch(newest), beginning, terms, is_cut)
            newest.others = True
            await newest.over.wait()
            if newest.steps is not None:
                return beginning.repeat(newest.steps)
            if not newest.given_up:
                return None

    async def _lead(
        self, key: Hashable, batch: Batch, beginning: Beginning, terms: Terms, is_cut: Callable[[], bool]
    ) -> None:
        self._newest[key] = batch
        try:
            if batch.before is not None:
                await batch.before.over.wait()
                batch.before = None
            async with terms.turns:
                await asyncio.sleep(0)  # who comes at the same moment is among the others
                if is_cut():
                    return
                batch.closed = True
                batch.steps = await beginning.look_ahead(terms.queue_bytes if batch.others else 0)
            batch.given_up = False
        finally:
            batch.closed = True
            batch.over.set()
            self._forget(key, batch)

    def _forget(self, key: Hashable, batch: Batch) -> None:
        if self._newest.get(key) is not batch:
            return
        if batch.before is None or batch.before.over.is_set():
            del self._newest[key]
        else:
            self._newest[key] = batch.before
