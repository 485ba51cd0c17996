"""The scheduler: starts visits so that operations leave at a fixed rate, however long responses take."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from itertools import count
from random import Random
from typing import Any, Final, TypeAlias

import httpx2

from demo.agenda_visitor import manage_agenda
from demo.client_visitor import run_gateway, use_app
from demo.dashboard import poll_dashboard
from demo.field_visitor import fill_form
from demo.media_visitor import play_media
from demo.report import Outcome, Report, Response, parse_response
from demo.user_visitor import browse
from demo.visit import DOCUMENTS, Visit, VisitOver
from models.enums import Kind

CONCURRENCY: Final = 64
"""Most requests in flight. Beyond it operations leave late, which counts as latency."""
MAX_CONSECUTIVE_FAILURES: Final = 20
"""Requests in a row without a response, after which the server is considered lost."""
DRAIN_SECONDS: Final = 5.0
"""Time for the requests in flight when the run is over."""

Plan: TypeAlias = Callable[[Visit], Awaitable[None]]

PLANS: Final[dict[Plan, tuple[Kind | None, int]]] = {
    poll_dashboard: (None, 0),
    manage_agenda: (Kind.AGENDA, 3),
    use_app: (Kind.CLIENT, 26),
    play_media: (Kind.MEDIA, 24),
    fill_form: (Kind.FIELD, 15),
    browse: (Kind.USER, 28),
    run_gateway: (Kind.CLIENT, 4),
}
"""Each plan with its kind and its weight. The first visits are one of each, in this order."""


class Scheduler:
    """Runs visits against one server. The same seed gives the same plans in the same order."""

    def __init__(self, http: httpx2.AsyncClient, url: str, seed: int, report: Report) -> None:
        self._http = http
        self._url = url
        self._rng = Random(seed)
        self._report = report
        self._permits = asyncio.Semaphore(CONCURRENCY)
        self._slots: asyncio.Queue[float] = asyncio.Queue()
        """Times at which operations are due; visits take them in the order in which they became ready."""
        self._ready = 0
        """Visits that wait for a slot."""
        self._visits = 0

    @property
    def is_server_lost(self) -> bool:
        return self._report.consecutive_failures >= MAX_CONSECUTIVE_FAILURES

    async def run(self, rate: float, seconds: float, on_progress: Callable[[float], None]) -> None:
        """Send `rate` operations a second for `seconds`, or until the server is lost.

        May be cancelled; waits for requests in flight then too.
        """
        async with asyncio.TaskGroup() as visits:
            tasks: set[asyncio.Task[None]] = set()

            def start_visit() -> None:
                task = visits.create_task(self._visit())
                tasks.add(task)
                task.add_done_callback(tasks.discard)

            try:
                await self._pace(rate, seconds, on_progress, start_visit)
            finally:
                await self._drain()
                for task in tasks:
                    task.cancel()

    async def _pace(
        self, rate: float, seconds: float, on_progress: Callable[[float], None], start_visit: Callable[[], None]
    ) -> None:
        loop = asyncio.get_running_loop()
        started = loop.time()
        for number in count():
            due = started + number / rate
            if max(loop.time(), due) - started >= seconds or self.is_server_lost:
                return
            await asyncio.sleep(max(0.0, due - loop.time()))
            await self._permits.acquire()
            if self._ready <= self._slots.qsize():
                start_visit()
            self._slots.put_nowait(due)
            on_progress((number + 1) / rate)

    async def _drain(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_SECONDS):
                for _ in range(CONCURRENCY):
                    await self._permits.acquire()

    async def _visit(self) -> None:
        plan = self._next_plan()
        visit = Visit(PLANS[plan][0], Random(self._rng.getrandbits(64)), self._send)
        with suppress(VisitOver):
            await plan(visit)

    def _next_plan(self) -> Plan:
        plans = list(PLANS)
        self._visits += 1
        if self._visits <= len(plans):
            return plans[self._visits - 1]
        return self._rng.choices(plans, [weight for _, weight in PLANS.values()])[0]

    async def _send(self, visit: Visit, field: str, variables: dict[str, Any]) -> Response:
        self._ready += 1
        due = await self._slots.get()
        self._ready -= 1
        try:
            response = await self._post(field, variables)
        finally:
            self._permits.release()
        self._report.record(visit.kind, response, asyncio.get_running_loop().time() - due)
        return response

    async def _post(self, field: str, variables: dict[str, Any]) -> Response:
        body = {"query": DOCUMENTS[field], "variables": variables}
        try:
            response = await self._http.post(self._url, json=body)
        except httpx2.HTTPError as error:
            return Response(Outcome.NO_RESPONSE, (type(error).__name__,))
        return parse_response(field, response.status_code, response.content)
