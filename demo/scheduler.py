"""The world: decides, from a seed and the clock alone, who makes which call next."""

import asyncio
import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Final

from demo.agenda_visitor import programme
from demo.client_visitor import gateway, launch
from demo.dashboard import dashboard
from demo.field_visitor import form
from demo.media_visitor import playback
from demo.operations import Operation
from demo.plan import Call, Plan, Scene
from demo.user_visitor import visit

FIRST: Final[list[Plan]] = [dashboard, programme, launch, playback, form, visit]
"""Who comes first, so that also a short run shows all kinds."""
SHARES: Final[list[tuple[Plan, int]]] = [
    (launch, 26),
    (gateway, 4),
    (programme, 3),
    (playback, 24),
    (form, 15),
    (visit, 28),
]
"""Who comes after them, and how often of a hundred."""


@dataclass(eq=False)
class Visitor:
    """Somebody with a plan, and the ids of the sessions the plan has started so far."""

    scene: Scene
    calls: Iterator[Call]
    starts: int = 0
    ids: dict[int, str] = field(default_factory=dict)
    gave_up: bool = False
    """Set by whoever sends: no further call of this visitor makes sense."""
    in_turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while a call of this visitor is on its way: nobody sends the second before the first was answered."""


@dataclass(frozen=True)
class Turn:
    """A call that is due, and whose. `start`: the number of the start, where the call is one."""

    visitor: Visitor
    call: Call
    start: int | None


class World:
    """Two worlds with the same seed and beginning, asked at the same times, give the same calls."""

    def __init__(self, seed: int, began: datetime) -> None:
        """`began` (with a zone) is the moment that the plans' times count from."""
        self._rng = Random(seed)
        self._began = began
        self._visitors = 0
        self._waiting: list[tuple[float, int, Visitor]] = []

    def turn(self, at: float) -> Turn:
        """The call to send `at` so many seconds after the beginning: the longest overdue one, else a newcomer's."""
        while self._waiting and self._waiting[0][0] <= at:
            _, number, visitor = heapq.heappop(self._waiting)
            if not visitor.gave_up and (turn := self._next(visitor, number, at)) is not None:
                return turn
        while True:
            visitor = self._newcomer()
            if (turn := self._next(visitor, self._visitors, at)) is not None:
                return turn

    def _newcomer(self) -> Visitor:
        chosen = self._rng.choices([plan for plan, _ in SHARES], [share for _, share in SHARES])[0]
        plan = FIRST[self._visitors] if self._visitors < len(FIRST) else chosen
        self._visitors += 1
        scene = Scene(Random(self._rng.getrandbits(64)), self._began)
        return Visitor(scene, plan(scene))

    def _next(self, visitor: Visitor, number: int, at: float) -> Turn | None:
        visitor.scene.at = at
        call = next(visitor.calls, None)
        if call is None:
            return None
        heapq.heappush(self._waiting, (at + call.then, number, visitor))
        if call.operation is not Operation.START:
            return Turn(visitor, call, None)
        visitor.starts += 1
        return Turn(visitor, call, visitor.starts - 1)
