"""Sends the world's calls over HTTP: they arrive when they are due, however long the answers take."""

import asyncio
from collections.abc import Callable
from itertools import count
from typing import Final

import httpx2

from demo.operations import Operation
from demo.plan import Call
from demo.report import Report
from demo.response import Outcome, Response, no_response, parse_response
from demo.scheduler import ScheduledCall, Scheduler
from models.enums import ProblemCode

CONCURRENCY: Final = 64
"""Calls on their way at once; beyond that, arrivals wait, and their latency says so."""
MAX_CONSECUTIVE_FAILURES: Final = 20
"""Calls in a row that were not answered at all."""
DRAIN_SECONDS: Final = 5.0
"""Seconds that calls on their way have to be answered when the run is over."""


class ClientLoop:
    """Asks the world at a fixed rate, sends, and tells the tally."""

    def __init__(self, http: httpx2.AsyncClient, url: str, scheduler: Scheduler, report: Report) -> None:
        self._http = http
        self._url = url
        self._scheduler = scheduler
        self._report = report
        self._slots = asyncio.Semaphore(CONCURRENCY)
        self._in_flight: set[asyncio.Task[None]] = set()
        self._failure: BaseException | None = None

    async def run(self, rate: float, seconds: float, on_progress: Callable[[float], None]) -> None:
        """Sends for so many seconds; tells `arrived` the seconds gone by at each arrival. Ends early where the server
        is lost. May be cancelled: calls on their way are then left to `finish`."""
        started = asyncio.get_running_loop().time()
        for number in count():
            elapsed = asyncio.get_running_loop().time() - started
            if max(elapsed, number / rate) >= seconds or self._should_stop:
                break
            due = started + number / rate
            await asyncio.sleep(max(0.0, number / rate - elapsed))
            await self._slots.acquire()
            self._start_call(self._scheduler.next_call(number / rate), due)
            on_progress((number + 1) / rate)

    @property
    def _should_stop(self) -> bool:
        return self._failure is not None or self._report.consecutive_failures >= MAX_CONSECUTIVE_FAILURES

    async def drain(self) -> None:
        """Waits for the calls on their way, a few seconds at most. Raises what went wrong on our side, if anything."""
        if self._in_flight:
            _, pending = await asyncio.wait(self._in_flight, timeout=DRAIN_SECONDS)
            for task in pending:
                task.cancel()
        if self._failure is not None:
            raise self._failure

    def _start_call(self, scheduled: ScheduledCall, due: float) -> None:
        task = asyncio.create_task(self._send(scheduled, due))
        self._in_flight.add(task)
        task.add_done_callback(self._on_done)

    def _on_done(self, task: asyncio.Task[None]) -> None:
        self._in_flight.discard(task)
        self._slots.release()
        if not task.cancelled() and self._failure is None:
            self._failure = task.exception()

    async def _send(self, scheduled: ScheduledCall, due: float) -> None:
        visitor, call = scheduled.visitor, scheduled.call
        async with visitor.lock:
            if visitor.finished:
                return
            response = await self._post(call, call.variables(visitor.ids))
            self._report.record(call, response, asyncio.get_running_loop().time() - due)
            if scheduled.start_index is not None and response.session is not None:
                visitor.ids[scheduled.start_index] = response.session
            visitor.finished = _ends_visit(scheduled, response)

    async def _post(self, call: Call, variables: dict[str, object]) -> Response:
        operation = call.operation
        body = {"query": operation.document, "operationName": operation.operation_name, "variables": variables}
        try:
            response = await self._http.post(self._url, json=body)
        except httpx2.HTTPError as error:
            return no_response(error)
        return parse_response(operation, response.status_code, response.content)


def _ends_visit(scheduled: ScheduledCall, response: Response) -> bool:
    """Whether the visitor has nothing to go on with: no session was started, or it is over against expectation."""
    if scheduled.call.operation is Operation.START:
        return response.session is None
    return (
        response.outcome is Outcome.PROBLEM
        and ProblemCode.SESSION_ENDED in response.codes
        and scheduled.call.operation is not Operation.KEEPALIVE_MANY
        and not scheduled.call.may_be_ended
    )
