"""Storm: concurrent writers, subscribers that come and go, and servers that die."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from random import Random
from typing import Final

from tests.chaos.client_model import ActivityLog, SessionSet
from tests.chaos.requests import (
    LOG_REQUESTS,
    SESSION_ACTIVITIES,
    SLOW_READER_REQUEST,
    LogRequest,
    SubscriptionRequest,
    set_requests,
)
from tests.chaos.server_under_test import SMALL_BATCHES, ServerUnderTest
from tests.chaos.subscriber import Subscriber
from tests.chaos.writer import Ledger, Writer
from tests.live_server import connect

CREATE_PROJECT: Final = 'mutation { createProject(input: {id: "other"}) { problems { code } } }'


class SetSubscriber(Subscriber):
    def __init__(self, number: int, request: SubscriptionRequest, leave_probability: float) -> None:
        self.model = SessionSet()
        self.is_slow = request is SLOW_READER_REQUEST
        forget_probability = 0.2
        if self.is_slow:
            leave_probability = forget_probability = 0.0
        super().__init__(number, request, self.model, leave_probability, forget_probability)


class LogSubscriber(Subscriber):
    """Subscriber to activities, from a cursor on or from its first connection."""

    def __init__(self, number: int, request: LogRequest, leave_probability: float, cursor: str | None) -> None:
        self.model = ActivityLog(cursor)
        self.sql = request.sql
        super().__init__(number, request.request, self.model, leave_probability)


class Storm:
    def __init__(self, server: ServerUnderTest, seed: int) -> None:
        self.server = server
        self.ledger = Ledger(self._abort_random_subscriber)
        self.set_subscribers: list[SetSubscriber] = []
        self.log_subscribers: list[LogSubscriber] = []
        self.witness_log = ActivityLog()
        self.witness = Subscriber(0, SubscriptionRequest(SESSION_ACTIVITIES), self.witness_log)
        """Never aborted by the test."""
        self._random = Random(seed)  # noqa: S311 - repeatable, not secret
        self._writers: list[Writer] = []

    # ---- participants ----

    def add_set_subscribers(self, count: int, slow: int) -> None:
        for number, request in enumerate([*set_requests(count), *[SLOW_READER_REQUEST] * slow]):
            # Equal requests use different transports.
            self.set_subscribers.append(SetSubscriber(number + number // 18, request, self._leave_probability()))

    def add_log_subscribers(self, count: int, cursor: str) -> None:
        for number in range(count):
            start = cursor if number // len(LOG_REQUESTS) % 2 == 0 else None
            request = LOG_REQUESTS[number % len(LOG_REQUESTS)]
            self.log_subscribers.append(LogSubscriber(number, request, self._leave_probability(), start))

    def add_writers(self, count: int) -> None:
        self._writers = [Writer(self.ledger, number) for number in range(count)]

    def _leave_probability(self) -> float:
        return self._random.choice([0, 0, 0.01, 0.05])

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run all subscribers while the context lasts."""
        async with asyncio.TaskGroup() as tasks:
            running = [
                tasks.create_task(one.run(self.server))
                for one in (self.witness, *self.set_subscribers, *self.log_subscribers)
            ]
            yield
            for task in running:
                task.cancel()

    # ---- events ----

    async def write_concurrently(self, calls: int) -> None:
        """Let each writer make so many calls."""
        async with asyncio.TaskGroup() as tasks:
            for writer in self._writers:
                tasks.create_task(writer.run(self.server, calls))

    async def start_expiring_sessions(self, count: int) -> None:
        """Start sessions that expire after ten seconds."""
        async with connect(await self.server.port()) as connection:
            for number in range(count):
                await Writer(self.ledger, -number).start_expiring(connection)

    async def restart_under_load(self, calls: int, program: Sequence[str], *, gracefully: bool) -> None:
        """Replace the server half-way through the writers' calls; slow subscribers do not read meanwhile."""
        slow = [one for one in self.set_subscribers if one.is_slow]
        async with asyncio.TaskGroup() as tasks:
            writing = tasks.create_task(self.write_concurrently(calls))
            await self.ledger.wait_for_calls(calls * len(self._writers) // 2)
            await (self.server.stop() if gracefully else self.server.kill())
            for subscriber in slow:
                subscriber.pause()
            await self.server.start(program)
            await writing
        for subscriber in slow:
            subscriber.resume()

    def _abort_random_subscriber(self) -> None:
        quick = [one for one in self.set_subscribers if not one.is_slow]
        if self._random.random() < 0.25:
            self._random.choice([*quick, *self.log_subscribers]).abort()


@asynccontextmanager
async def open_storm(
    server: ServerUnderTest,
    program: Sequence[str] = SMALL_BATCHES,
    *,
    set_subscribers: int,
    slow: int,
    log_subscribers: int,
    writers: int,
    seed: int = 0,
) -> AsyncIterator[Storm]:
    """Run a storm on an empty database."""
    try:
        await server.start(program)
        assert await server.execute(CREATE_PROJECT) == {"problems": []}
        storm = Storm(server, seed)
        await storm.start_expiring_sessions(1)
        first = await server.execute("{ activities(first: 1) { pageInfo { endCursor } } }")
        storm.add_set_subscribers(set_subscribers, slow)
        storm.add_log_subscribers(log_subscribers, first["pageInfo"]["endCursor"])
        storm.add_writers(writers)
        async with storm.running():
            yield storm
    finally:
        await server.kill()
