"""Writers hammer, subscribers come and go, servers die."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from random import Random
from typing import Final

from tests.chaos.client_model import ActivityLog, SessionSet
from tests.chaos.log_requests import LOG_REQUESTS, SLOW_READER_REQUEST, LogRequest, set_requests
from tests.chaos.requests import SESSION_ACTIVITIES, SubscriptionRequest
from tests.chaos.server_under_test import SMALL_BATCHES, ServerUnderTest
from tests.chaos.subscriber import Subscriber
from tests.chaos.transports import TRANSPORTS, websocket
from tests.chaos.writer import Ledger, Writer
from tests.live_server import connect

PROJECT: Final = 'mutation { createProject(input: {id: "other"}) { problems { code } } }'


class SetSubscriber:
    """A subscriber to a live set."""

    def __init__(self, number: int, request: SubscriptionRequest, leave_probability: float) -> None:
        self.model = SessionSet()
        self.is_slow = request is SLOW_READER_REQUEST
        probabilities = (
            {"leaves": 0.0, "forgets": 0.0} if self.is_slow else {"leaves": leave_probability, "forgets": 0.2}
        )
        self.subscriber = Subscriber(
            TRANSPORTS[number % len(TRANSPORTS)], request, self.model, seed=number, **probabilities
        )


class LogSubscriber:
    """A reader of a log: from the cursor of an activity on, or from whenever it is there."""

    def __init__(self, number: int, request: LogRequest, leave_probability: float, cursor: str | None) -> None:
        self.model = ActivityLog(cursor)
        self.asked = request
        self.subscriber = Subscriber(
            TRANSPORTS[number % len(TRANSPORTS)],
            request.request,
            self.model,
            leave_probability=leave_probability,
            seed=number,
        )


class Storm:
    """What a test drives."""

    def __init__(self, server: ServerUnderTest, seed: int) -> None:
        self.site = server
        self.ledger = Ledger(self._cut_random_subscriber)
        self.set_subscribers: list[SetSubscriber] = []
        self.log_subscribers: list[LogSubscriber] = []
        self.witness_log = ActivityLog()
        """What the witness knows, whom nobody cuts off."""
        self.witness = Subscriber(websocket, SubscriptionRequest(SESSION_ACTIVITIES), self.witness_log)
        self._random = Random(seed)  # noqa: S311 - repeatable, not secret
        self._writers: list[Writer] = []

    # ---- who takes part ----

    def add_set_subscribers(self, count: int, slow: int) -> None:
        """So many subscribers to live sets, and so many that stop reading now and then."""
        for number, request in enumerate([*set_requests(count), *[SLOW_READER_REQUEST] * slow]):
            # Those who ask for the same come by different ways.
            self.set_subscribers.append(SetSubscriber(number + number // 18, request, self._leave_probability()))

    def add_log_subscribers(self, count: int, cursor: str) -> None:
        """So many readers of logs, from a cursor on, or from whenever they come."""
        for number in range(count):
            start = cursor if number // len(LOG_REQUESTS) % 2 == 0 else None
            self.log_subscribers.append(
                LogSubscriber(number, LOG_REQUESTS[number % len(LOG_REQUESTS)], self._leave_probability(), start)
            )

    def add_writers(self, count: int) -> None:
        """So many writers."""
        self._writers = [Writer(self.ledger, number) for number in range(count)]

    def _leave_probability(self) -> float:
        return self._random.choice([0, 0, 0.01, 0.05])

    @property
    def subscribers(self) -> list[Subscriber]:
        """All but the witness."""
        return [one.subscriber for one in self.set_subscribers] + [one.subscriber for one in self.log_subscribers]

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """All subscribers live meanwhile."""
        async with asyncio.TaskGroup() as tasks:
            subscribers = [tasks.create_task(one.run(self.site)) for one in (self.witness, *self.subscribers)]
            yield
            for task in subscribers:
                task.cancel()

    # ---- what happens ----

    async def write_concurrently(self, times: int) -> None:
        """Each writer makes so many calls."""
        async with asyncio.TaskGroup() as tasks:
            for writer in self._writers:
                tasks.create_task(writer.run(self.site, times))

    async def start_expiring_sessions(self, count: int) -> None:
        """Begin sessions that end by themselves after ten seconds."""
        async with connect(await self.site.port()) as found:
            for number in range(count):
                await Writer(self.ledger, -number).start_expiring(found)

    async def restart_under_load(self, times: int, program: Sequence[str], *, gently: bool) -> None:
        """The writers hammer; half-way the server dies, and another takes its place, of which the slow do not read."""
        slow = [one.subscriber for one in self.set_subscribers if one.is_slow]
        async with asyncio.TaskGroup() as tasks:
            writing = tasks.create_task(self.write_concurrently(times))
            await self.ledger.wait_for_calls(times * len(self._writers) // 2)
            await (self.site.stop() if gently else self.site.kill())
            for subscriber in slow:
                subscriber.pause()
            await self.site.start(program)
            await writing
        for subscriber in slow:
            subscriber.resume()

    def _cut_random_subscriber(self) -> None:
        quick = [one.subscriber for one in self.set_subscribers if not one.is_slow]
        if self._random.random() < 0.25:
            self._random.choice(quick + [one.subscriber for one in self.log_subscribers]).abort()


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
    """A storm on an empty database, from its first session on."""
    try:
        await server.start(program)
        assert await server.execute(PROJECT) == {"problems": []}
        made = Storm(server, seed)
        await made.start_expiring_sessions(1)
        first = await server.execute("{ activities(first: 1) { pageInfo { endCursor } } }")
        made.add_set_subscribers(set_subscribers, slow)
        made.add_log_subscribers(log_subscribers, first["pageInfo"]["endCursor"])
        made.add_writers(writers)
        async with made.running():
            yield made
    finally:
        await server.kill()
