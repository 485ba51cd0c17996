"""The plain peer's pub/sub, within its process: everybody who subscribes has a queue."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from bench.baselines.strawberry.types import SessionChange


class ChangeBroadcaster:
    def __init__(self) -> None:
        self._queues: set[asyncio.Queue[SessionChange]] = set()

    def publish(self, change: SessionChange) -> None:
        for queue in self._queues:
            queue.put_nowait(change)

    @contextmanager
    def subscribed(self) -> Iterator[asyncio.Queue[SessionChange]]:
        queue: asyncio.Queue[SessionChange] = asyncio.Queue()
        self._queues.add(queue)
        try:
            yield queue
        finally:
            self._queues.discard(queue)
