"""Turns of fan-out groups, and how late these are.

A hundred groups that become ready at once would execute all their items before any request is read. Instead a few
execute at a time, first come, first served, and the event loop serves others in between.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from functools import partial
from math import ceil
from typing import Final

from transport.subscriptions.source import Buffered

CONCURRENT_TURNS: Final = 2
"""While one waits for the database, the other can execute."""
TURN_SECONDS: Final = 0.02
"""After so long another group has its turn as well: a slow one must not hold up the others."""
ACTIVE_SECONDS: Final = 10.0
"""How long a group without items counts."""
LATE_SHARE: Final = 0.2
SMOOTHING: Final = 0.2
"""Weight of the last step in the average speed of a group."""


class Turns:
    """`await turns.take()` before a step, and `turns.end()` after it, or when it takes long."""

    def __init__(self) -> None:
        self._free = CONCURRENT_TURNS
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._active: dict[Pace, None] = {}
        """Groups that have had items lately."""

    async def take(self) -> None:
        """Return when it is the caller's turn."""
        if self._free:
            self._free -= 1
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.end()  # it had been given to a group that is gone
            raise

    def end(self) -> None:
        """Let another group have its turn."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                return turn.set_result(None)
        self._free += 1
        return None

    def activate(self, pace: "Pace") -> None:
        self._active[pace] = None

    def forget(self, pace: "Pace") -> None:
        self._active.pop(pace, None)

    def lag(self) -> float:
        """Return the seconds after which an item will be sent that becomes ready now.

        So late, or later, is a fifth of the groups, and at least two: one alone has slow steps of its own.
        """
        now = asyncio.get_running_loop().time()
        self._active = {pace: None for pace in self._active if pace.is_active(now)}
        rank = max(2, ceil(LATE_SHARE * len(self._active)))
        lags = sorted((pace.lag(now) for pace in self._active), reverse=True)
        return lags[rank - 1] if len(lags) >= rank else 0.0


class Pace:
    """How fast one group sends its items."""

    __slots__ = ("_active_until", "_backlog", "_began", "_item_seconds", "_items", "_timer", "_turns")

    def __init__(self, turns: Turns) -> None:
        self._turns = turns
        self._backlog: Callable[[], int] | None = None
        self._began: float | None = None
        """When the step began, with the wait for its turn; None: there is none."""
        self._items = 1
        """Of the step."""
        self._item_seconds = 0.0
        """Average time of one item."""
        self._timer: asyncio.TimerHandle | None = None
        self._active_until = 0.0

    def follow(self, items: object) -> None:
        """Measure by the backlog of a source's items, if it has one."""
        if isinstance(items, Buffered):
            self._backlog = partial(getattr, items, "backlog")

    def begin(self, items: int) -> None:
        """Begin a step of so many items."""
        self._began, self._items = asyncio.get_running_loop().time(), items
        self._turns.activate(self)

    async def take_turn(self) -> None:
        """Wait for the turn to execute the items."""
        await self._turns.take()
        self._timer = asyncio.get_running_loop().call_later(TURN_SECONDS, self.end_turn)

    def end_turn(self) -> None:
        """Let another group have its turn, unless it had it already."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
            self._turns.end()

    def finish(self) -> None:
        """Report that the items have been sent."""
        self.end_turn()
        if self._began is not None:
            now = asyncio.get_running_loop().time()
            self._item_seconds += SMOOTHING * ((now - self._began) / self._items - self._item_seconds)
            self._began, self._active_until = None, now + ACTIVE_SECONDS

    def close(self) -> None:
        """Report that the group has ended."""
        self.finish()
        self._backlog = None
        self._turns.forget(self)

    def lag(self, now: float) -> float:
        """Return the seconds after which an item will be sent that becomes ready now."""
        if self._began is None or self._backlog is None:
            return 0.0
        elapsed = now - self._began
        return elapsed + self._backlog() * max(elapsed / self._items, self._item_seconds)

    def is_active(self, now: float) -> bool:
        return self._began is not None or now < self._active_until
