"""Soak: traffic of all kinds, different subscriptions, uploads and connections that say nothing, for a long time."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from time import monotonic
from typing import Any, Final, TypeVar

import httpx2
import orjson

from bench.load_generator import HOST
from bench.subscribers.pool import SubscriberPool
from demo.report import Report
from demo.scheduler import Scheduler
from tests.blobs.form_client import HEADERS, FilePart, start_body
from tests.live_server import ServerProcess, server_process

T = TypeVar("T")

COUNTING: Final = ("-m", "tests.chaos.counting_server")
PATIENT: Final = {f"LIMITS__{name}_SECONDS": "600" for name in ("BODY", "BODY_IDLE", "OPERATION")}
"""A slow machine must not make a test fail."""
RELEASE_SECONDS: Final = 30.0
"""Longest time until nothing is left of clients that are gone: the server's timeouts are shorter."""
STEADY_SECONDS: Final = 0.2
SAMPLE_SECONDS: Final = 1.0
SELECTIONS: Final = (
    "id kind state subject visible path startedAt lastSeenAt",
    "id path pathTimes { path visibleSeconds }",
    "id subject project { id name } previous { id }",
)
KINDS: Final = (["CLIENT"], ["USER"], ["MEDIA", "FIELD"], ["CLIENT", "USER", "MEDIA"])


@dataclass(frozen=True)
class Footprint:
    """What a server holds."""

    resident_bytes: int
    descriptors: int
    tasks: int


class Soak:
    def __init__(self, server: ServerProcess) -> None:
        self.origin = f"http://{HOST}:{server.port}"
        self.report = Report()
        self.peak_bytes = 0
        self._server = server
        self._seeds = count(1)

    @property
    def served_share(self) -> float:
        """Share of the operations that succeeded; on a slow machine some uploads wait too long for each other."""
        return 1 - self.report.failures / self.report.outcomes.total()

    async def warm_up(self) -> Footprint:
        """Let the server open its connections to the database, and return what it holds then."""
        await self.run(1, 20, 0)
        fields = " ".join(f"f{number}: activities(first: 500) {{ nodes {{ id data }} }}" for number in range(8))
        async with self._client() as http:  # reads that run at the same time
            await http.post(f"{self.origin}/graphql", json={"query": f"{{ {fields} }}"})
        return await self.footprint()

    async def footprint(self) -> Footprint:
        """Return what is held once that has not changed for a while."""
        async with self._client() as http:
            found = await self._count(http)
            while (now := await self._count(http)) != found:
                found = now
                await asyncio.sleep(STEADY_SECONDS)
        return Footprint(self._server.resident_bytes, *found)

    async def footprint_after(self, before: Footprint) -> Footprint:
        """Return what is held once that is no more than before, or after some time."""
        deadline = monotonic() + RELEASE_SECONDS
        while True:
            found = await self.footprint()
            if (found.tasks <= before.tasks and found.descriptors <= before.descriptors) or monotonic() > deadline:
                return found

    async def _count(self, http: httpx2.AsyncClient) -> tuple[int, int]:
        tasks = int((await http.get(f"{self.origin}/tasks")).text)
        return self._server.descriptors, tasks

    def _client(self) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(timeout=300, limits=httpx2.Limits(max_connections=64))

    async def run(self, seconds: float, rate: float, subscribers: int) -> None:
        """Send `rate` operations a second, with so many subscribers; all leave at the end."""
        async with self._client() as http, self._subscribed(subscribers) as pool:
            scheduler = Scheduler(http, f"{self.origin}/graphql", next(self._seeds), self.report)
            await self._sample(scheduler.run(rate, seconds, lambda _: None))
            assert pool.live.value == subscribers

    @asynccontextmanager
    async def _subscribed(self, subscribers: int) -> AsyncIterator[SubscriberPool]:
        pool = SubscriberPool(self._server.port, [subscription(number) for number in range(subscribers)], subscribers)
        try:
            await pool.open(60)
            yield pool
        finally:
            pool.close()

    async def upload(self, files: int, size: int) -> None:
        """Upload so many files at once, each in a form of its own."""
        contents = [number.to_bytes(4) + bytes(size - 4) for number in range(files)]
        async with self._client() as http:
            responses = await self._sample(asyncio.gather(*(self._upload(http, content) for content in contents)))
        assert [orjson.loads(body)["data"]["startSession"]["problems"] for body in responses] == [[]] * files

    async def _sample(self, work: Awaitable[T]) -> T:
        """Measure the memory until the work is done."""
        task = asyncio.ensure_future(work)
        while not task.done():
            await asyncio.wait([task], timeout=SAMPLE_SECONDS)
            self.peak_bytes = max(self.peak_bytes, self._server.resident_bytes)
        return await task

    async def _upload(self, http: httpx2.AsyncClient, content: bytes) -> bytes:
        body = start_body({"photo": FilePart(content)})
        return (await http.post(f"{self.origin}/graphql", content=body, headers=HEADERS)).content

    @asynccontextmanager
    async def half_open(self, connections: int) -> AsyncIterator[None]:
        """Keep connections on which the headers do not end, until the server closes them."""
        opened = [await asyncio.open_connection(HOST, self._server.port) for _ in range(connections)]
        try:
            for _, writer in opened:
                writer.write(b"POST /graphql HTTP/1.1\r\nHost: localhost\r\n")
            yield
        finally:
            for _, writer in opened:
                writer.close()


def subscription(number: int) -> dict[str, Any]:
    """Return one of many subscriptions that a server cannot share, of which some want few items or heartbeats."""
    document = f"""subscription($filter: SessionFilter, $interval: Int!, $heartbeats: Boolean!) {{
        activeSessions(filter: $filter, minIntervalMs: $interval, heartbeats: $heartbeats) {{
        ... on SessionSnapshot {{ last sessions {{ {SELECTIONS[number % 3]} }} }}
        ... on SessionChange {{ change cursor session {{ {SELECTIONS[number % 3]} }} }} }} }}"""
    since = f"2020-01-01T00:{number // 60:02}:{number % 60:02}Z"
    variables = {
        "filter": {"kinds": KINDS[number % 4], "startedAfter": since},
        "interval": (0, 500, 5000)[number % 3],
        "heartbeats": number % 5 == 0,
    }
    return {"query": document, "variables": variables}


@asynccontextmanager
async def open_soak(file: Path, program: Sequence[str] = COUNTING) -> AsyncIterator[Soak]:
    """Run a server on a database file."""
    async with server_process(file, program, **PATIENT) as server:
        yield Soak(server)
