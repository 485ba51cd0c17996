"""Random steps of sessions and subscribers; any step may follow any other."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from models.clock import SECOND
from models.enums import Kind
from resolvers.activities.service import list_activities
from resolvers.feed import resume
from resolvers.feed.messages import FeedItem, Resync, Snapshot
from resolvers.lifecycle import service as lifecycle
from resolvers.pagination.keyset import PageArgs
from resolvers.sessions.service import list_sessions
from resolvers.subscriptions.active_sessions import active_sessions
from resolvers.subscriptions.activities import session_activities
from resolvers.subscriptions.source import Source
from tests.api_client import EPOCH, FakeClock
from tests.feed_harness import FakeTimers, FeedHarness, Stream, fold, open_harness

FILTERS: Final[list[dict[str, Any]]] = [
    {},
    {"visible": True},
    {"path_prefix": ["a"]},
    {"kinds": ["USER", "AGENDA"]},
    {"user": {"usernames": ["ann"]}, "client": {}},
    {"user": {"usernames": ["ann", "bob"]}},
    {"subjects": ["ann"], "visible": True},
    {"started_after": EPOCH + 5 * SECOND},
    {"agenda": {"schedule_tracks": [1]}},
]
DELIVERY_OPTIONS: Final[list[dict[str, Any]]] = [
    {"min_interval_ms": 0, "heartbeats": False},
    {"min_interval_ms": 0, "heartbeats": True},
    {"min_interval_ms": 5000, "heartbeats": False},
    {"min_interval_ms": 3000, "heartbeats": True},
]
LOG_FILTERS: Final[list[dict[str, Any]]] = [{}, {"kinds": ["USER"]}, {"subjects": ["ann"]}]


@dataclass
class Subscriber:
    """Client over all its connections."""

    filter: dict[str, Any]
    options: dict[str, Any] | None
    """Delivery options of active sessions; null: it subscribes to activities."""
    stream: Stream | None = None
    needs_catch_up: bool = False
    resumes: bool = True
    """Whether it passes its last cursor when it connects. Clients that reconnect by themselves may not."""
    history: list[FeedItem] = field(default_factory=list)
    """Items received, as far as the client remembers them."""
    since: int = 0
    """Position after which a subscriber to activities gets every entry."""

    async def source(self, harness: FeedHarness) -> Source:
        context = await harness.context()
        if self.options is None:
            return session_activities(context, filter=self.filter, types=None, after=None)
        return active_sessions(context, filter=self.filter, after=None, **self.options)


class RandomScenario:
    """Each step is a method; numbers choose among the existing sessions and subscribers."""

    def __init__(self, harness: FeedHarness) -> None:
        self.harness = harness
        self.ids: list[str] = []
        self.subscribers: list[Subscriber] = []

    # ---- sessions ----

    async def start(self, kind: int, name: int) -> None:
        variants: list[tuple[Kind, dict[str, Any]]] = [
            (Kind.USER, {"username": ["ann", "bob"][name % 2]}),
            (Kind.CLIENT, {"client_system": "iOS"}),
            (Kind.FIELD, {"unit_id": "u", "uuid": f"f{name % 2}"}),
            (Kind.AGENDA, {"guide": 1, "name": "x", "start_time": await self._soon(name), "all_day": False}),
        ]
        chosen_kind, variant = variants[kind % len(variants)]
        common: dict[str, Any] = {"path": [["a"], ["b"], []][name % 3], "visible": name % 4 != 0}
        if chosen_kind != Kind.AGENDA:
            common["timeout_seconds"] = [10, 30, 600][name % 3]
        result = await lifecycle.start_session(await self.harness.context(), common, chosen_kind, variant)
        assert result.session is not None, result
        self.ids.append(result.session.id)

    async def _soon(self, name: int) -> int:
        return (await self.harness.log_reader.now()) + (name - 2) * 7 * SECOND

    async def keepalive(self, index: int, name: int) -> None:
        values: dict[str, Any] = {"visible": name % 3 != 0}
        if name % 2:
            values["path"] = [["a"], ["b"], ["a", "c"]][name % 3]
        await self._call(lifecycle.keepalive_session, index, **values)

    async def beat(self, index: int) -> None:
        await self._call(lifecycle.keepalive_session, index)

    async def hide(self, index: int) -> None:
        await self._call(lifecycle.hide_session, index)

    async def stop(self, index: int) -> None:
        await self._call(lifecycle.stop_session, index)

    async def update(self, index: int, name: int) -> None:
        """Reschedule an agenda item, perhaps to an early end, and change its tracks."""
        start = await self._soon(name)
        end = start + 10 * SECOND if name % 4 == 0 else None
        values = {"start_time": start, "end_time": end, "schedule_tracks": [name % 2]}
        await self._call(lifecycle.update_agenda_session, index, **values)

    async def _call(self, operation: Any, index: int, **values: Any) -> None:
        if self.ids:
            await operation(await self.harness.context(), {"id": self.ids[index % len(self.ids)], **values})

    async def delete(self, index: int) -> None:
        if self.ids:
            await lifecycle.delete_session(await self.harness.context(), self.ids[index % len(self.ids)])

    # ---- time ----

    async def wait(self, seconds: float) -> None:
        await self.harness.api.advance(seconds)
        self.harness.timers.advance(seconds)

    async def step_back(self, seconds: float) -> None:
        self.harness.api.clock.value -= round(seconds * SECOND)

    async def sweep(self) -> None:
        await self.harness.api.sweep()

    async def look(self) -> None:
        await self.harness.log_reader.poll()

    async def read(self, index: int) -> None:
        if self.subscribers:
            await self._receive(self.subscribers[index % len(self.subscribers)])

    # ---- subscribers ----

    async def subscribe(self, filter_: int, options: int) -> None:
        self.subscribers.append(
            Subscriber(FILTERS[filter_ % len(FILTERS)], DELIVERY_OPTIONS[options % len(DELIVERY_OPTIONS)])
        )
        await self._connect(self.subscribers[-1])

    async def listen(self, filter_: int) -> None:
        self.subscribers.append(Subscriber(LOG_FILTERS[filter_ % len(LOG_FILTERS)], None))
        await self._connect(self.subscribers[-1])

    async def begin(self, index: int) -> None:
        if self.subscribers:
            await self._catch_up(self.subscribers[index % len(self.subscribers)])

    async def drop(self, index: int, cut: int) -> None:
        """Break a connection; the client forgets the items after some cursor."""
        if self.subscribers:
            subscriber = self.subscribers[index % len(self.subscribers)]
            await self._receive(subscriber)
            subscriber.stream = None
            if subscriber.history:
                del subscriber.history[1 + cut % len(subscriber.history) :]

    async def resume(self, index: int) -> None:
        if self.subscribers:
            await self._connect(self.subscribers[index % len(self.subscribers)])

    async def reconnect(self, index: int) -> None:
        """Break a connection; the client subscribes again as it did first, and keeps what it holds."""
        if self.subscribers:
            subscriber = self.subscribers[index % len(self.subscribers)]
            await self._receive(subscriber)
            subscriber.stream, subscriber.resumes = None, False
            await self._connect(subscriber)

    async def _connect(self, subscriber: Subscriber) -> None:
        if subscriber.stream is None:
            subscriber.stream = await self.harness.follow(await subscriber.source(self.harness))
            subscriber.needs_catch_up = True

    async def _catch_up(self, subscriber: Subscriber) -> None:
        stream = subscriber.stream
        if stream is None or not subscriber.needs_catch_up:
            return
        subscriber.needs_catch_up = False
        after = subscriber.history[-1].cursor if subscriber.history and subscriber.resumes else None
        subscriber.resumes = True
        await stream.catch_up(after)
        if after is not None and resume.parse(after).position >= 0:
            assert not any(isinstance(item.payload, Resync | Snapshot) for item in stream.received)
        if after is None and subscriber.options is None:
            assert stream._caught_up is not None
            subscriber.history = []
            subscriber.since = stream._caught_up.through
        self._record(subscriber)

    async def _receive(self, subscriber: Subscriber) -> None:
        if subscriber.stream is not None and not subscriber.needs_catch_up:
            await subscriber.stream.read()
            self._record(subscriber)

    def _record(self, subscriber: Subscriber) -> None:
        assert subscriber.stream is not None
        for item in subscriber.stream.received:
            if isinstance(item.payload, Resync) and subscriber.options is None:
                subscriber.history, subscriber.since = [], item.sequence
            else:
                subscriber.history.append(item)
        subscriber.stream.received.clear()

    # ---- invariants ----

    async def check(self) -> None:
        """Check that all clients hold what the query finds, and have read what the log contains."""
        await self.harness.api.sweep()
        for subscriber in self.subscribers:
            await self._connect(subscriber)
            await self._catch_up(subscriber)
        self.harness.timers.advance(61)
        await self.harness.run_until_idle()
        for subscriber in self.subscribers:
            await self._receive(subscriber)
            await (self._check_log(subscriber) if subscriber.options is None else self._check_set(subscriber))

    async def _check_set(self, subscriber: Subscriber) -> None:
        context = await self.harness.context()
        page = await list_sessions(
            context, filter={**subscriber.filter, "active": True}, order_by=[], page=PageArgs(first=500)
        )
        held = fold(subscriber.history)
        assert held.keys() == {s.id for s in page.nodes}
        assert all((held[s.id].path, held[s.id].visible) == (s.path, s.visible) for s in page.nodes)

    async def _check_log(self, subscriber: Subscriber) -> None:
        context = await self.harness.context()
        page = await list_activities(context, filter=subscriber.filter, types=None, page=PageArgs(last=500))
        logged = [entry.position for entry in page.nodes if (entry.position or 0) > subscriber.since]
        read = [item.payload.position for item in subscriber.history]
        assert read == sorted(set(read))
        assert [position for position in read if position in logged] == logged


@asynccontextmanager
async def open_scenario(file: Path, scenario: RandomScenario | None = None) -> AsyncIterator[RandomScenario]:
    """Open a scenario on a new server, or continue it after a restart."""
    clock, timers = (FakeClock(), FakeTimers()) if scenario is None else (scenario.harness.api.clock, FakeTimers())
    async with open_harness(file, clock, timers) as harness:
        if scenario is None:
            scenario = RandomScenario(harness)
        scenario.harness = harness
        for subscriber in scenario.subscribers:
            subscriber.stream = None
        yield scenario
