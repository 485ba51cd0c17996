"""Sends the world's calls over HTTP: they arrive when they are due, however long the answers take."""

import asyncio
from collections.abc import Callable
from itertools import count
from typing import Final

import httpx2

from demo.operations import Operation
from demo.plan import Call
from demo.report import Tally
from demo.response import Answer, Outcome, read_answer, unanswered
from demo.scheduler import Turn, World
from models.enums import ProblemCode

CONCURRENCY: Final = 64
"""Calls on their way at once; beyond that, arrivals wait, and their latency says so."""
GIVE_UP_AFTER: Final = 20
"""Calls in a row that were not answered at all."""
LAST_WORDS: Final = 5.0
"""Seconds that calls on their way have to be answered when the run is over."""


class Sender:
    """Asks the world at a fixed rate, sends, and tells the tally."""

    def __init__(self, http: httpx2.AsyncClient, url: str, world: World, tally: Tally) -> None:
        self._http = http
        self._url = url
        self._world = world
        self._tally = tally
        self._places = asyncio.Semaphore(CONCURRENCY)
        self._on_the_way: set[asyncio.Task[None]] = set()
        self._fault: BaseException | None = None

    async def run(self, rate: float, seconds: float, arrived: Callable[[float], None]) -> None:
        """Sends for so many seconds; tells `arrived` the seconds gone by at each arrival. Ends early where the server
        is lost. May be cancelled: calls on their way are then left to `finish`."""
        began = asyncio.get_running_loop().time()
        for number in count():
            gone = asyncio.get_running_loop().time() - began
            if max(gone, number / rate) >= seconds or self._is_hopeless:
                break
            due = began + number / rate
            await asyncio.sleep(max(0.0, number / rate - gone))
            await self._places.acquire()
            self._depart(self._world.turn(number / rate), due)
            arrived((number + 1) / rate)

    @property
    def _is_hopeless(self) -> bool:
        return self._fault is not None or self._tally.lost_in_a_row >= GIVE_UP_AFTER

    async def finish(self) -> None:
        """Waits for the calls on their way, a few seconds at most. Raises what went wrong on our side, if anything."""
        if self._on_the_way:
            _, late = await asyncio.wait(self._on_the_way, timeout=LAST_WORDS)
            for task in late:
                task.cancel()
        if self._fault is not None:
            raise self._fault

    def _depart(self, turn: Turn, due: float) -> None:
        task = asyncio.create_task(self._send(turn, due))
        self._on_the_way.add(task)
        task.add_done_callback(self._arrive)

    def _arrive(self, task: asyncio.Task[None]) -> None:
        self._on_the_way.discard(task)
        self._places.release()
        if not task.cancelled() and self._fault is None:
            self._fault = task.exception()

    async def _send(self, turn: Turn, due: float) -> None:
        visitor, call = turn.visitor, turn.call
        async with visitor.in_turn:
            if visitor.gave_up:
                return
            answer = await self._ask(call, call.variables(visitor.ids))
            self._tally.add(call, answer, asyncio.get_running_loop().time() - due)
            if turn.start is not None and answer.session is not None:
                visitor.ids[turn.start] = answer.session
            visitor.gave_up = _is_the_end(turn, answer)

    async def _ask(self, call: Call, variables: dict[str, object]) -> Answer:
        operation = call.operation
        body = {"query": operation.document, "operationName": operation.title, "variables": variables}
        try:
            response = await self._http.post(self._url, json=body)
        except httpx2.HTTPError as error:
            return unanswered(error)
        return read_answer(operation, response.status_code, response.content)


def _is_the_end(turn: Turn, answer: Answer) -> bool:
    """Whether the visitor has nothing to go on with: no session was started, or it is over against expectation."""
    if turn.call.operation is Operation.START:
        return answer.session is None
    return (
        answer.outcome is Outcome.PROBLEM
        and ProblemCode.SESSION_ENDED in answer.codes
        and turn.call.operation is not Operation.KEEPALIVE_MANY
        and not turn.call.may_find_ended
    )
