"""The world: decides, from a seed and the clock alone, who makes which call next."""

import asyncio
import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Final

from demo.agenda_visitor import manage_agenda
from demo.client_visitor import run_gateway, use_app
from demo.dashboard import poll_dashboard
from demo.field_visitor import fill_form
from demo.media_visitor import play_media
from demo.operations import Operation
from demo.plan import Call, Plan, VisitContext
from demo.user_visitor import browse

INITIAL_PLANS: Final[list[Plan]] = [poll_dashboard, manage_agenda, use_app, play_media, fill_form, browse]
"""Who comes first, so that also a short run shows all kinds."""
PLAN_WEIGHTS: Final[list[tuple[Plan, int]]] = [
    (use_app, 26),
    (run_gateway, 4),
    (manage_agenda, 3),
    (play_media, 24),
    (fill_form, 15),
    (browse, 28),
]
"""Who comes after them, and how often of a hundred."""


@dataclass(eq=False)
class Visitor:
    """Somebody with a plan, and the ids of the sessions the plan has started so far."""

    context: VisitContext
    calls: Iterator[Call]
    starts: int = 0
    ids: dict[int, str] = field(default_factory=dict)
    finished: bool = False
    """Set by whoever sends: no further call of this visitor makes sense."""
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while a call of this visitor is on its way: nobody sends the second before the first was answered."""


@dataclass(frozen=True)
class ScheduledCall:
    """A call that is due, and whose. `start`: the number of the start, where the call is one."""

    visitor: Visitor
    call: Call
    start_index: int | None


class Scheduler:
    """Two worlds with the same seed and beginning, asked at the same times, give the same calls."""

    def __init__(self, seed: int, started_at: datetime) -> None:
        """`began` (with a zone) is the moment that the plans' times count from."""
        self._rng = Random(seed)
        self._started_at = started_at
        self._visitor_count = 0
        self._queue: list[tuple[float, int, Visitor]] = []

    def next_call(self, at: float) -> ScheduledCall:
        """The call to send `at` so many seconds after the beginning: the longest overdue one, else a newcomer's."""
        while self._queue and self._queue[0][0] <= at:
            _, number, visitor = heapq.heappop(self._queue)
            if not visitor.finished and (scheduled := self._advance(visitor, number, at)) is not None:
                return scheduled
        while True:
            visitor = self._new_visitor()
            if (scheduled := self._advance(visitor, self._visitor_count, at)) is not None:
                return scheduled

    def _new_visitor(self) -> Visitor:
        chosen = self._rng.choices([plan for plan, _ in PLAN_WEIGHTS], [share for _, share in PLAN_WEIGHTS])[0]
        plan = INITIAL_PLANS[self._visitor_count] if self._visitor_count < len(INITIAL_PLANS) else chosen
        self._visitor_count += 1
        context = VisitContext(Random(self._rng.getrandbits(64)), self._started_at)
        return Visitor(context, plan(context))

    def _advance(self, visitor: Visitor, number: int, at: float) -> ScheduledCall | None:
        visitor.context.elapsed = at
        call = next(visitor.calls, None)
        if call is None:
            return None
        heapq.heappush(self._queue, (at + call.delay, number, visitor))
        if call.operation is not Operation.START:
            return ScheduledCall(visitor, call, None)
        visitor.starts += 1
        return ScheduledCall(visitor, call, visitor.starts - 1)
